"""Who asks us, as Discord tells it.

Owns which messages ask for a reply, and that one which comes again is handed over once. Keeps nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import discord

from bot.chat.events import ChannelSeen, Mention, Reworded, Thread, WorkspaceSeen
from bot.chat.once import Once
from bot.chat.platform import OnEvent
from bot.platforms.discord.client import Client
from bot.platforms.discord.homes import Homes
from bot.platforms.discord.payloads import answered, calls, is_said, member, place, words, workspace
from bot.platforms.discord.whereabouts import channel_of
from db.words import say

NOWHERE = WorkspaceSeen("discord", "0", "")  # where people write from who are in no server with us
_TOLD = 1000


class Mentions:
    """Hands over each message that asks us: `tell` tells its author something, `noted` hears of each before."""

    def __init__(
        self,
        homes: Homes,
        tell: Callable[[Thread, str], Awaitable[None]],
        noted: Callable[[discord.Message], None],
    ) -> None:
        self._homes, self._tell, self._noted = homes, tell, noted
        self._once = Once()
        self._told: set[int] = set()  # whose words we could not read, and who know why

    def listen(self, client: Client, on_event: OnEvent) -> None:
        async def hear(message: discord.Message) -> None:
            await self.hear(client, on_event, message)

        async def edited(payload: discord.RawMessageUpdateEvent) -> None:
            await self._edited(client, on_event, payload.message)

        client.hear("message", hear)
        client.hear("raw_message_edit", edited)

    async def hear(self, client: Client, on_event: OnEvent, message: discord.Message) -> None:
        """Hand it over if it asks us."""
        me = client.user
        if me is None or not is_said(message, me.id) or not _asks(message, me.id):
            return
        await self._once.do(message.id, partial(self._hand_over, client, on_event, message, me.id))

    async def _hand_over(self, client: Client, on_event: OnEvent, message: discord.Message, me: int) -> None:
        self._noted(message)
        mention = await self._mention(client, message, me)
        if message.guild is not None and not message.content and not _is_named(message, me):
            await self._unreadable(client, mention)
        else:
            await on_event(mention)

    async def _mention(self, client: Client, message: discord.Message, me: int) -> Mention:
        people = tuple(member(one) for one in message.mentions if not one.bot and one.id != message.author.id)
        author = member(message.author)
        seen, channel, thread = await self._where(client, message)
        mention = Mention(seen or NOWHERE, channel, author, str(message.id), words(message, me), message.created_at)
        return replace(mention, thread=thread, people=people, foreign=seen is None)

    async def _where(
        self, client: Client, message: discord.Message
    ) -> tuple[WorkspaceSeen | None, ChannelSeen, str | None]:
        if message.guild is not None:
            return workspace(message.guild), *place(await channel_of(client, message))
        home = await self._homes.of(message.author.id)
        direct = ChannelSeen(str(message.channel.id), f"@{message.author.display_name}", direct=True)
        return workspace(home) if home is not None else None, direct, None

    async def _unreadable(self, client: Client, mention: Mention) -> None:
        """They answered us without a ping, and Discord keeps such words from us: they are told so, once."""
        asker = int(mention.author.id)
        if client.intents.message_content or asker in self._told:
            return
        if len(self._told) >= _TOLD:
            self._told.clear()
        self._told.add(asker)
        await self._tell(
            mention.where,
            say(
                "Discord shows me only messages that mention me: leave the @ on when you reply to me, or write my name."
            ),
        )

    async def _edited(self, client: Client, on_event: OnEvent, message: discord.Message) -> None:
        """If it was a question, it asks in other words now. Where Discord keeps its words from us, nobody knows."""
        me = client.user
        if me is None or not is_said(message, me.id) or message.edited_at is None or not message.content:
            return
        seen, channel, _ = await self._where(client, message)
        if seen is not None:
            await on_event(Reworded(seen, channel.id, str(message.id), words(message, me.id)))


def _is_named(message: discord.Message, me: int) -> bool:
    """Whether it mentions us ourselves: then Discord shows us its words, if it has any."""
    return any(one.id == me for one in message.mentions)


def _asks(message: discord.Message, me: int) -> bool:
    """A mention anywhere, an answer to us, or words in a direct message."""
    if message.guild is None:
        return bool(words(message, me))
    if calls(message, me):
        return True
    resolved = message.reference.resolved if message.reference is not None else None
    return answered(message) is not None and isinstance(resolved, discord.Message) and resolved.author.id == me
