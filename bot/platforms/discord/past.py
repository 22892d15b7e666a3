"""What stands in a channel of Discord's: read page by page, with its threads.

Owns what may be read at all, and which refusals need somebody's hand. A row of messages that is being read is
remembered between its pages, and laid anew where a restart forgot it.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeGuard

import discord

from bot.chat.events import ChannelSeen, Event, Left, WorkspaceSeen, Written
from bot.chat.platform import OnEvent, OutOfReach, Page, Trouble
from bot.platforms.discord import said
from bot.platforms.discord.client import Client
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.content import Content
from bot.platforms.discord.errors import MISSING_ACCESS, MISSING_PERMISSIONS, UNKNOWN_CHANNEL
from bot.platforms.discord.names import Names
from bot.platforms.discord.timeline import Readable, Timeline
from db.backfills import EVERYTHING

PAUSE_S = 0.25  # before each call: reading leaves turns to answering
_REMEMBERED = 16  # channels that are being read
_GONE_LATELY = 1000
_TROUBLES: Mapping[int, Trouble] = {
    UNKNOWN_CHANNEL: "no such channel",
    MISSING_ACCESS: "not in channel",
    MISSING_PERMISSIONS: "not allowed",
}
_READABLE = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.ForumChannel)


@dataclass
class _Row:
    """A channel that is being read, and how far."""

    channel: Readable
    timeline: Timeline
    begun: set[int] = field(default_factory=set[int])  # threads whose first message has come


async def _unheard(event: Event) -> None: ...


class Past:
    def __init__(self, connection: Connection, content: Content, names: Names) -> None:
        self._connection, self._content, self._names = connection, content, names
        self._on_event: OnEvent = _unheard
        self._rows: OrderedDict[str, _Row] = OrderedDict()
        self._gone: deque[int] = deque(maxlen=_GONE_LATELY)  # threads that were deleted, maybe since we read them

    def listen(self, client: Client, on_event: OnEvent) -> None:
        self._on_event = on_event

        async def deleted(payload: discord.RawThreadDeleteEvent) -> None:
            self._gone.append(payload.thread_id)

        client.hear("raw_thread_delete", deleted)

    async def page(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        """Messages before the id `before`, the channel's and its threads', oldest first.

        Raises OutOfReach, NotReached.
        """
        row = self._rows.pop(channel.id, None)
        try:
            if before is None or row is None or row.timeline.before != int(before):
                begin = int(before) if before is not None else None
                row = _Row(place := await self._enter(workspace, channel), Timeline(place, begin, PAUSE_S))
            messages = await row.timeline.page()
            if row.timeline.came_empty:  # so it looks where nothing is older, and where we may not read any more
                await self._enter(workspace, channel)
            first = await self._first_messages(row, messages)
            every = [await self._written(row.channel, one) for one in (*messages, *first)]
        except discord.HTTPException as error:
            if (trouble := _TROUBLES.get(error.code)) is not None:
                raise OutOfReach(trouble) from error
            raise
        ids, ended = {str(one.id) for one in messages}, row.timeline.ended
        if not ended:
            self._remember(channel.id, row)
        return Page(
            sorted(filter(self._stands, every), key=lambda one: int(one.posted.id)),
            None if ended else str(row.timeline.before),
            ids,
            EVERYTHING if ended else row.timeline.back_to,
            partial(self._sure, row.timeline),
        )

    def _stands(self, written: Written | None) -> TypeGuard[Written]:
        return written is not None and int(written.posted.thread or 0) not in self._gone

    async def _first_messages(self, row: _Row, messages: Sequence[discord.Message]) -> list[discord.Message]:
        """What the page's threads were begun from, where that stands further back: a conversation's beginning is kept
        before what follows. A forum's threads hold theirs.
        """
        if not isinstance(row.channel, discord.TextChannel):
            return []
        row.begun |= {one.id for one in messages}
        found: list[discord.Message] = []
        for thread in {one.channel.id for one in messages} - row.begun - {row.channel.id}:
            row.begun.add(thread)
            with suppress(discord.NotFound):  # it was begun from none, or that one was deleted
                found.append(await row.channel.fetch_message(thread))
        return found

    def _remember(self, channel: str, row: _Row) -> None:
        self._rows[channel] = row
        while len(self._rows) > _REMEMBERED:
            self._rows.popitem(last=False)

    async def _enter(self, workspace: WorkspaceSeen, channel: ChannelSeen) -> Readable:
        """The channel, where all that is written in it may be read: Discord gives an empty page where it may not."""
        client = self._connection.client
        if (lack := self._content.lacks()) is not None or not await self._content.granted():
            raise OutOfReach(lack or "no message content")
        guild = client.get_guild(int(workspace.id))
        if guild is None or client.user is None:
            await self._on_event(Left(workspace))  # we were thrown out while nobody listened
            raise OutOfReach("not in channel")
        place = await client.fetch_channel(int(channel.id))
        if not isinstance(place, _READABLE) or place.guild.id != guild.id:
            raise OutOfReach("not allowed")
        may = place.permissions_for(await guild.fetch_member(client.user.id))
        if not may.view_channel:
            raise OutOfReach("not in channel")
        speaks_aloud = isinstance(place, discord.VoiceChannel | discord.StageChannel)
        if not may.read_message_history or (speaks_aloud and not may.connect):
            raise OutOfReach("not allowed")
        return place

    async def _written(self, place: Readable, message: discord.Message) -> Written | None:
        me = self._connection.client.user
        if me is None or not said.is_kept(message, me.id):
            return None
        thread = str(message.channel.id) if message.channel.id != place.id else None
        channel = ChannelSeen(str(place.id), place.name)
        return await said.written(message, place.guild, channel, thread, self._names)

    async def _sure(self, timeline: Timeline, thread: str) -> bool:
        """A thread that was not in any list may have been archived or taken out between two of them."""
        if int(thread) in timeline.threads:
            return True
        try:
            await self._connection.client.fetch_channel(int(thread))
        except discord.NotFound:
            return True
        except discord.Forbidden:
            pass
        return False
