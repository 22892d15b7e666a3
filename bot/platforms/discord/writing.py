"""Cards that the bot writes unasked, in channels and in private, and shows anew.

Owns by what they are found again: Discord keeps a message's name for some minutes only. So the first component of a
card has the name's number as its id, which Discord keeps, and shows to nobody.
"""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import aiohttp
import discord

from bot.chat.cards import Card, Heading
from bot.chat.events import Thread
from bot.chat.platform import NotReached, NotShown
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.drawing import drawn, label
from bot.platforms.discord.errors import NOT_TO_THEM, THREAD_ARCHIVED, told
from db.words import say

LATELY = 100  # messages among which a card is looked for
UNKNOWN_USER = 10013
TITLE = 100


class Writing:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(self, workspace: str, channel: str, card: Card, nonce: str = "") -> str:
        """Post a card for everyone. Raises OutOfReach, NotShown."""
        said = drawn(card)
        if nonce:
            said["view"].children[0].id = mark(nonce)
        with _told():
            if (forum := self._forum(channel)) is not None:
                return str((await forum.create_thread(name=_title(card), **said)).message.id)
            if nonce:
                said["nonce"] = _once(nonce)
            return str((await self._channel(channel).send(**said)).id)

    async def written(self, workspace: str, channel: str, nonce: str) -> str | None:
        """The card that was lately posted under this name. Raises OutOfReach."""
        me, wanted = self._connection.client.user, mark(nonce)
        with _told():
            async for message in self._lately(channel):
                ours = me is not None and message.author.id == me.id
                if ours and any(getattr(one, "id", None) == wanted for one in message.components):
                    return str(message.id)
        return None

    async def _lately(self, channel: str) -> AsyncIterator[discord.Message]:
        """The latest messages; of a forum those that its posts begin with, which have the posts' ids."""
        if (forum := self._forum(channel)) is None:
            async for message in self._channel(channel).history(limit=LATELY):
                yield message
            return
        for post in sorted(forum.threads, key=lambda one: one.id, reverse=True)[:LATELY]:
            if post.owner_id == forum.guild.me.id:
                with suppress(discord.NotFound):  # what it began with was taken away
                    yield await post.fetch_message(post.id)

    async def rewrite(self, workspace: str, channel: str, ref: str, card: Card) -> None:
        """Raises Gone, OutOfReach, NotShown."""
        with _told():
            where = ref if self._forum(channel) is not None else channel
            post, anew = self._channel(where).get_partial_message(int(ref)), drawn(card)
            try:
                await post.edit(**anew)
            except discord.HTTPException as error:  # a post in a forum, in which nobody wrote for some days
                if error.code != THREAD_ARCHIVED:
                    raise
                await self._connection.client.http.edit_channel(int(where), archived=False)
                await post.edit(**anew)

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        """A direct message. Raises NotShown."""
        with _told(), _to_a_member():
            direct = await self._connection.client.create_dm(discord.Object(int(member)))
            await direct.send(**drawn(card, workspace))

    def place_of(self, to: Thread, ref: str) -> Thread:
        """Where a post stands: a card that was written to a forum is in a thread of its own. Raises NotReached."""
        return replace(to, thread=ref) if to.thread is None and self._forum(to.channel) is not None else to

    def _forum(self, channel: str) -> discord.ForumChannel | None:
        """A forum takes no messages but posts, each a thread that its message begins. Raises NotReached."""
        found = self._connection.client.get_channel(int(channel))
        return found if isinstance(found, discord.ForumChannel) else None

    def _channel(self, channel: str) -> discord.PartialMessageable:
        """Raises NotReached."""
        return self._connection.client.get_partial_messageable(int(channel))


def _title(card: Card) -> str:
    """What a post in a forum is called."""
    return label(next((one.text for one in card.parts if isinstance(one, Heading)), ""), TITLE)


@contextmanager
def _told() -> Iterator[None]:
    """What passes is NotReached: these cards wait for another try, and nobody for them."""
    try:
        yield
    except discord.HTTPException as error:
        what = told(error)
        raise (_away(error.code or error.status) if what is error else what) from error
    except (discord.RateLimited, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _away(type(error).__name__) from error


@contextmanager
def _to_a_member() -> Iterator[None]:
    try:
        yield
    except discord.HTTPException as error:
        if error.code == NOT_TO_THEM:
            raise NotShown(say("This member takes no direct messages from me.")) from error
        if error.code == UNKNOWN_USER:
            raise NotShown(say("Discord knows this member no more.")) from error
        raise


def _away(reason: object) -> NotReached:
    return NotReached(say("Discord cannot be reached ({reason}).", reason=reason))


def mark(nonce: str) -> int:
    """A number that says whose a component is: above all that Discord gives by itself, which counts from 1."""
    return int.from_bytes(_digest(nonce)[:4]) >> 2 | 1 << 30


def _once(nonce: str) -> str:
    """The name under which Discord lets a message be posted once within some minutes; it takes 25 characters."""
    return base64.urlsafe_b64encode(_digest(nonce)[:18]).decode()


def _digest(nonce: str) -> bytes:
    return hashlib.sha256(nonce.encode()).digest()
