"""A channel and its threads as one row of messages, the newest first.

Owns the order: Discord's ids are made of the time, whichever thread they stand in, so the channel and each thread are
read from their ends, a hundred messages at a call, and laid together by id. A thread is not touched before the row has
come to its last message, and the list of archived threads not further than that. Decides nothing about text.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import discord
from discord.utils import snowflake_time, time_snowflake

AT_ONCE = 100  # what Discord gives at a call
KEPT = 3000  # messages that were read and wait for their place
CALLS = 40  # a page, at which it ends early

Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel
T = TypeVar("T")
A_MOMENT = timedelta(milliseconds=1)  # to which Discord's ids tell the time


@dataclass
class _Flow:
    """One thread, or the channel itself: nothing in it is newer than `head`; `read` is what comes next, if read."""

    place: discord.abc.Messageable
    id: int
    head: int
    read: deque[discord.Message] = field(default_factory=deque[discord.Message])


class Timeline:
    """Begins with the newest message before the id `before`, None: with the newest of all.

    Before each call `pause_s` go by, which are left to answering.
    """

    def __init__(self, channel: Readable, before: int | None, pause_s: float) -> None:
        now = time_snowflake(discord.utils.utcnow(), high=True)
        self._channel, self._pause_s = channel, pause_s
        self.before = now if before is None else before
        self._flows: dict[int, _Flow] = {}
        # How far the list of archived threads was read. It is read from its beginning, wherever the row begins: a
        # thread that was archived today may be years old.
        self._archived_to = now if isinstance(channel, discord.TextChannel | discord.ForumChannel) else 0
        self._archived_before: datetime | None = None
        self.threads: set[int] = set()  # whose messages stand in the row
        self.came_empty = False  # the last page had a call with nothing in it
        self._calls = 0
        if isinstance(channel, discord.abc.Messageable):
            self._add(channel, channel.id, channel.last_message_id)

    @property
    def ended(self) -> bool:
        """Whether nothing older is left."""
        return not self._flows and not self._archived_to

    @property
    def back_to(self) -> datetime:
        """What was written from then on has come."""
        return snowflake_time(self.before - 1) + A_MOMENT

    async def page(self, size: int = AT_ONCE) -> list[discord.Message]:
        """The next messages, the newest first; `before` then stands where the following page begins.

        It ends between two milliseconds: what is before it and what is behind never bear the same time. Raises what
        Discord raises.
        """
        self._calls, self.came_empty, found = 0, False, list[discord.Message]()
        for thread in await self._called(self._channel.guild.active_threads):
            self._meet(thread)
        while not self.ended and not self._is_full(found, size):
            flow = max(self._flows.values(), key=lambda one: one.head, default=None)
            if flow is None or flow.head < self._archived_to:
                await self._list_archived()
            elif flow.read:
                found.append(self._taken(flow))
            else:
                await self._read(flow)
        self.before = min(self.before, self._head() + 1)
        return found

    def _is_full(self, found: list[discord.Message], size: int) -> bool:
        if len(found) < size and self._calls < CALLS:
            return False
        return not found or self._head() >> 22 < found[-1].id >> 22

    def _head(self) -> int:
        return max([self._archived_to, *(one.head for one in self._flows.values())])

    def _taken(self, flow: _Flow) -> discord.Message:
        message = flow.read.popleft()
        flow.head = flow.read[0].id if flow.read else message.id - 1
        return message

    async def _read(self, flow: _Flow) -> None:
        before = discord.Object(flow.head + 1)
        try:
            flow.read = deque(await self._called(lambda: _all(flow.place.history(limit=AT_ONCE, before=before))))
        except discord.NotFound:  # this thread was deleted just now
            flow.read = deque()
        if not flow.read:
            self.came_empty = True
            del self._flows[flow.id]
            return
        flow.head = flow.read[0].id
        self._forget_some()

    def _forget_some(self) -> None:
        """What is needed last is read again when its time comes."""
        while sum(len(one.read) for one in self._flows.values()) > KEPT:
            min((one for one in self._flows.values() if one.read), key=lambda one: one.head).read.clear()

    async def _list_archived(self) -> None:
        """The next hundred threads, by when they were archived: no message in them is younger than that."""
        channel, before = self._channel, self._archived_before
        assert isinstance(channel, discord.TextChannel | discord.ForumChannel)
        threads = await self._called(lambda: _all(channel.archived_threads(limit=AT_ONCE, before=before)))
        met = [self._meet(thread) for thread in threads]
        if len(threads) < AT_ONCE:
            self._archived_to = 0
            return
        last = threads[-1].archive_timestamp
        self._archived_to = min(self._archived_to, time_snowflake(last, high=True))
        self._archived_before = last + A_MOMENT if any(met) else last  # others may bear the same time

    def _meet(self, thread: discord.Thread) -> bool:
        """Whether it is one of ours, and new. What is said in private is never read."""
        if thread.parent_id != self._channel.id or thread.is_private() or thread.id in self.threads:
            return False
        self.threads.add(thread.id)
        archived = time_snowflake(thread.archive_timestamp, high=True) if thread.archived else None
        self._add(thread, thread.id, thread.last_message_id or archived)
        return True

    def _add(self, place: discord.abc.Messageable, id: int, last: int | None) -> None:
        newest = self.before - 1
        self._flows[id] = _Flow(place, id, newest if last is None else min(last, newest))

    async def _called(self, call: Callable[[], Awaitable[T]]) -> T:
        self._calls += 1
        await asyncio.sleep(self._pause_s)
        while True:
            try:
                return await call()
            except discord.RateLimited as limit:  # longer than the library waits by itself
                await asyncio.sleep(limit.retry_after)


async def _all(found: AsyncIterator[T]) -> list[T]:
    return [one async for one in found]
