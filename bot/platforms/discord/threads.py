"""What stands around a mention in Discord: before it in its thread, what it answers, and our answers to it.

Owns reading that. What was deleted under it is no error.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import discord

from bot.chat.events import ChannelSeen, Thread, WorkspaceSeen, Written
from bot.chat.platform import OnEvent
from bot.platforms.discord.client import Client
from bot.platforms.discord.errors import told
from bot.platforms.discord.kept import Remembered
from bot.platforms.discord.payloads import answered, is_said, member, posted
from bot.platforms.discord.wire import Wire, place_of

MOST = 1000  # messages behind a mention that are looked through for our answers to it
BEFORE = 50  # messages of a thread that an answer may be given
UP = 4  # messages, each the answer to the next
_REMEMBERED = 2000
HELD_S = 15 * 60.0  # what others wrote, for the answer that is given it


class Threads:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._answered: Remembered[int, tuple[discord.MessageReference | None]] = Remembered(_REMEMBERED, HELD_S)

    def listen(self, client: Client, on_event: OnEvent) -> None:
        async def deleted(payload: discord.RawMessageDeleteEvent) -> None:
            self._forget([payload.message_id])

        async def many_deleted(payload: discord.RawBulkMessageDeleteEvent) -> None:
            self._forget(payload.message_ids)

        async def edited(payload: discord.RawMessageUpdateEvent) -> None:
            if payload.message.edited_at is not None:
                self._forget([payload.message_id])

        client.hear("raw_message_delete", deleted)
        client.hear("raw_bulk_message_delete", many_deleted)
        client.hear("raw_message_edit", edited)

    def _forget(self, messages: Collection[int]) -> None:
        """They do not say any more what they said: whoever needs it asks for it."""
        for (reference,) in self._answered.values():
            if reference is not None and reference.message_id in messages:
                reference.resolved = None

    def note(self, message: discord.Message) -> None:
        """A question was heard: what it answers need not be asked for."""
        self._answered[message.id] = (message.reference if answered(message) is not None else None,)

    async def ours(self, to: Thread, others: Collection[str]) -> list[str]:
        """Our posts that answer a mention, oldest first, without those of `others`. Raises OutOfReach, NotShown."""
        channel, after = await self._wire.channel(to), discord.Object(int(to.message))
        me = self._me()
        behind = channel.history(limit=MOST, after=after, oldest_first=True)
        try:
            ours = [one async for one in behind if one.author.id == me and answered(one) == after.id]
        except discord.HTTPException as error:
            raise told(error) from error
        return [ref for one in ours if (ref := str(one.id)) not in others]

    async def before(self, to: Thread) -> Sequence[Written]:
        """What people wrote in its thread before it, oldest first, and what it answers, our own posts among that."""
        said = {one.id: one for one in await self._in_thread(to)}
        said |= {one.id: one for one in await self._upwards(to)}
        return [written for _, one in sorted(said.items()) if (written := self._written(to, one)) is not None]

    async def _in_thread(self, to: Thread) -> list[discord.Message]:
        if to.thread is None:
            return []
        messages = (await self._wire.channel(to)).history(limit=BEFORE, before=discord.Object(int(to.message)))
        me = self._me()
        said = [one async for one in messages if is_said(one, me)]
        first = await self._message(int(to.channel), int(to.thread))  # a thread has the id of what it was begun from
        return [*said, first] if first is not None and is_said(first, me) else said

    async def _upwards(self, to: Thread) -> list[discord.Message]:
        """What it answers, what that answers, and so on."""
        if (noted := self._answered.get(int(to.message))) is not None:
            (reference,) = noted
        else:
            asked = await self._message(int(place_of(to)), int(to.message))
            reference = asked.reference if asked is not None and answered(asked) is not None else None
        found: list[discord.Message] = []
        while reference is not None and len(found) < UP:
            one = reference.resolved or await self._message(reference.channel_id, reference.message_id)
            if not isinstance(one, discord.Message):  # deleted
                break
            found.append(one)
            reference = one.reference if answered(one) is not None else None
        return found

    async def _message(self, channel: int, message: int | None) -> discord.Message | None:
        """None where it is not there, or not for us."""
        if message is None:
            return None
        try:
            client = await self._wire.connection.reached()
            return await client.get_partial_messageable(channel).fetch_message(message)
        except (discord.NotFound, discord.Forbidden):
            return None

    def _written(self, to: Thread, message: discord.Message) -> Written | None:
        """As the chat rooms know it: a person's, or our own."""
        me = self._me()
        if not (is_said(message, me) or message.author.id == me) or not message.content:
            return None
        named = tuple(member(one) for one in message.mentions if not one.bot)
        said = replace(posted(message, me), channel=to.channel, thread=to.thread)
        seen = WorkspaceSeen("discord", to.workspace, "")
        return Written(seen, ChannelSeen(to.channel, ""), member(message.author), said, named=named)

    def _me(self) -> int:
        user = self._wire.connection.client.user
        assert user is not None, "who is connected has logged in"
        return user.id
