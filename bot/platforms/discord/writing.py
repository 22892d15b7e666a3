"""Cards that the bot writes unasked, in channels and in private, and shows anew.

Owns by what they are found again: Discord keeps a message's name for some minutes only. So the first component of a
card has the name's number as its id, which Discord keeps, and shows to nobody.
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import discord

from bot.chat.cards import Card
from bot.chat.platform import NotShown
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.drawing import drawn
from bot.platforms.discord.errors import NOT_TO_THEM, told
from db.words import say

LATELY = 100  # messages among which a card is looked for
UNKNOWN_USER = 10013


class Writing:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(self, workspace: str, channel: str, card: Card, nonce: str = "") -> str:
        """Post a card for everyone. Raises OutOfReach, NotShown."""
        said = drawn(card)
        if nonce:
            said["nonce"], said["view"].children[0].id = _once(nonce), mark(nonce)
        with _told():
            sent = await self._channel(channel).send(**said)
        return str(sent.id)

    async def written(self, workspace: str, channel: str, nonce: str) -> str | None:
        """The card that was lately posted under this name. Raises OutOfReach."""
        me, wanted = self._connection.client.user, mark(nonce)
        with _told():
            async for message in self._channel(channel).history(limit=LATELY):
                ours = me is not None and message.author.id == me.id
                if ours and any(getattr(one, "id", None) == wanted for one in message.components):
                    return str(message.id)
        return None

    async def rewrite(self, workspace: str, channel: str, ref: str, card: Card) -> None:
        """Raises Gone, OutOfReach, NotShown."""
        with _told():
            await self._channel(channel).get_partial_message(int(ref)).edit(**drawn(card))

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        """A direct message. Raises NotShown."""
        try:
            direct = await self._connection.client.create_dm(discord.Object(int(member)))
            await direct.send(**drawn(card, workspace))
        except discord.HTTPException as error:
            if error.code == NOT_TO_THEM:
                raise NotShown(say("This member takes no direct messages from me.")) from error
            if error.code == UNKNOWN_USER:
                raise NotShown(say("Discord knows this member no more.")) from error
            raise told(error) from error

    def _channel(self, channel: str) -> discord.PartialMessageable:
        """Raises NotReached."""
        return self._connection.client.get_partial_messageable(int(channel))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except discord.HTTPException as error:
        raise told(error) from error


def mark(nonce: str) -> int:
    """A number that says whose a component is: above all that Discord gives by itself, which counts from 1."""
    return int.from_bytes(_digest(nonce)[:4]) >> 2 | 1 << 30


def _once(nonce: str) -> str:
    """The name under which Discord lets a message be posted once within some minutes; it takes 25 characters."""
    return base64.urlsafe_b64encode(_digest(nonce)[:18]).decode()


def _digest(nonce: str) -> bytes:
    return hashlib.sha256(nonce.encode()).digest()
