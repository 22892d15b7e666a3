"""The past of opened channels is read, page by page, and again what was missed while nobody listened.

Owns the order of reading and when a failed one is tried again. How far it came is in rows, so that a restart goes on
there. Knows no network.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.collecting import lacking
from bot.chat.collecting.live import api_text, keep
from bot.chat.events import ChannelSeen, WorkspaceSeen, Written
from bot.chat.platform import Messenger, NotReached, OutOfReach, Page
from bot.chat.work import FIRST_WAIT_S, Work
from db import backfills, channels, erasing
from db.backfills import EVERYTHING, NotOurs, Unread
from db.models import BackfillCursor, Channel, Workspace
from db.session import Sessions, reading, transaction

log = structlog.get_logger()

T = TypeVar("T")

BATCH = 200  # messages a transaction: well under 200 ms on a slow disk
WINDOW = timedelta(hours=48)  # before what was missed, edits and deletions are looked for too
JUST_NOW = timedelta(minutes=1)  # so long a network may not show yet what it has told us
LOOK_S = 3.0
REVISIT_S = 6 * 3600.0  # an event may be lost although nobody was away
PAGES_AT_ONCE = 2  # of one network
_FIRST_PAGE_UNTIL = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Place:
    """A channel that is read, and with what."""

    platform: Messenger
    workspace: Workspace
    channel: Channel

    async def page(self, before: str | None) -> Page:
        workspace = WorkspaceSeen(self.workspace.platform, self.workspace.platform_id, self.workspace.name)
        return await self.platform.history(workspace, ChannelSeen(self.channel.platform_id, self.channel.name), before)


class Backfill:
    """`days` is how far back a channel's past is read; 0: only what is written from its opening on."""

    def __init__(
        self, sessions: Sessions, platforms: Mapping[str, Messenger], days: int, *, first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        self._sessions, self._platforms, self._days = sessions, platforms, days
        self._work = Work(first_wait_s)  # by channel
        self._turns = {name: asyncio.Semaphore(PAGES_AT_ONCE) for name in platforms}
        self._revisit_at = time.monotonic() + REVISIT_S

    async def run(self) -> None:
        async def look() -> None:
            await self._revisit()
            await self.look()

        await self._work.keep(look, LOOK_S, "channels to read")

    async def look(self) -> Sequence[asyncio.Task[None]]:
        """Begin to read what is unread, each channel apart from the others; what is being read now."""
        async with reading(self._sessions) as session:
            found = await backfills.unread(session, self._platforms.keys())
        for unread in found:
            if not await lacking.hears(self._sessions, self._platforms[unread.workspace.platform], unread.channel):
                continue
            self._work.begin(unread.channel.id, partial(self.read, unread))
        return self._work.going()

    async def _revisit(self) -> None:
        if time.monotonic() < self._revisit_at:
            return
        self._revisit_at = time.monotonic() + REVISIT_S
        for name in self._platforms:
            async with transaction(self._sessions) as session:
                await backfills.miss(session, name, datetime.now(UTC))

    async def read(self, unread: Unread) -> None:
        """One channel to its end; what goes wrong is kept, and a pause with it."""
        place = _Place(self._platforms[unread.workspace.platform], unread.workspace, unread.channel)
        number, name = unread.channel.id, unread.channel.name
        try:
            cursor = unread.cursor or await self._begin(number)
            if cursor.since is not None:
                await self._catch_up(place, cursor, cursor.since)
            while cursor.done_at is None:
                cursor = await self._older(place, cursor)
            await self._told(number, None)
            self._work.waits.over(number)
        except NotOurs:
            log.info("reading a channel ended: it was closed, or another reads it", channel=name)
        except OutOfReach as why:
            log.warning("a channel cannot be read; trying again later", channel=name, why=why.trouble)
            await self._told(number, why.trouble)
            if why.trouble == "no such channel":
                await self._gone(place)
            self._work.waits.failed(number)
        except NotReached as why:
            log.info("a channel could not be read for now; trying again", channel=name, why=str(why))
            self._work.waits.failed(number)
        except Exception:
            log.exception("reading a channel failed; trying again later", channel=name)
            self._work.waits.failed(number)

    async def _begin(self, number: int) -> BackfillCursor:
        now = datetime.now(UTC)
        async with transaction(self._sessions) as session:
            _, channel = await channels.hold(session, number)
            if channel.state == "closed":
                raise NotOurs("The channel was closed.")
            cursor = await backfills.of(session, number, now)
            if self._days == 0 and cursor.cursor == "":
                cursor.cursor, cursor.back_to, cursor.done_at = backfills.END, now, now
            return cursor

    async def _older(self, place: _Place, cursor: BackfillCursor) -> BackfillCursor:
        """Keep the next page of the past, and with its last messages that it was read."""
        at = cursor.cursor
        oldest = datetime.now(UTC) - timedelta(days=self._days)
        until = cursor.back_to or _FIRST_PAGE_UNTIL
        newest_row, page = await self._page(place, at or None)
        reached = _reached(page)
        is_last = page.before is None or (reached is not None and reached <= oldest)

        every = _each_once(page)
        wanted = [one for one in every if one.posted.at >= oldest]
        batches, cut = _batches(wanted), len(wanted) < len(every)
        for batch in batches[:-1]:
            await self._keep(place, batch, at)
        await self._erase_absent(place, page, until, newest_row)
        now = datetime.now(UTC)
        async with transaction(self._sessions) as session:
            workspace, channel = await _opened(session, place.channel.id)
            cursor = await backfills.still(session, place.channel.id, at)
            cursor.messages += (await keep(session, workspace, channel, batches[-1], now)).new
            cursor.cursor, cursor.updated_at, cursor.trouble = page.before or backfills.END, now, None
            cursor.back_to = EVERYTHING if page.before is None and not cut else max(reached or oldest, oldest)
            if is_last:
                cursor.cursor, cursor.done_at = backfills.END, now
            return cursor

    async def _catch_up(self, place: _Place, cursor: BackfillCursor, since: datetime) -> None:
        """What was written, edited and deleted while nobody listened, from the newest message back."""
        floor = cursor.back_to or EVERYTHING  # before that nothing is ours to read, or it is read in its turn
        enough, until, before = max(since - WINDOW, floor), _FIRST_PAGE_UNTIL, None
        while True:
            newest_row, page = await self._page(place, before)
            for batch in _batches([one for one in _each_once(page) if one.posted.at >= floor]):
                await self._keep(place, batch)
            await self._erase_absent(place, page, until, newest_row)
            reached = _reached(page)
            if page.before is None or (reached is not None and reached <= enough):
                break
            before, until = page.before, reached or until
        async with transaction(self._sessions) as session:
            await backfills.caught_up(session, place.channel.id, since)

    async def _page(self, place: _Place, before: str | None) -> tuple[int, Page]:
        """A page, and which row was our newest before it was asked for."""
        async with self._turns[place.platform.name]:  # in turns: a long past keeps no other channel waiting for its end
            async with reading(self._sessions) as session:
                newest_row = await erasing.newest_row(session, place.channel)
            return newest_row, await place.page(before)

    async def _keep(self, place: _Place, batch: Sequence[Written], at: str | None = None) -> None:
        """Some messages; of a page of the past, only while its cursor stands at `at`."""
        async with transaction(self._sessions) as session:
            workspace, channel = await _opened(session, place.channel.id)
            cursor = None if at is None else await backfills.still(session, place.channel.id, at)
            stored = await keep(session, workspace, channel, batch, datetime.now(UTC))
            if cursor is not None:
                cursor.messages += stored.new

    async def _erase_absent(self, place: _Place, page: Page, until: datetime, newest_row: int) -> None:
        """What we hold of the time that the page covers and is not there any more was deleted there."""
        if page.back_to is None:
            return
        way, span = api_text(place.workspace), (page.back_to, min(until, datetime.now(UTC) - JUST_NOW))
        async with reading(self._sessions) as session:
            missing = await erasing.absent(
                session, place.channel, page.ids, span, newest_row, way, in_order=page.sure is not None
            )
        gone = await _surely(page, missing)
        for some in _batches(gone) if gone else ():
            async with transaction(self._sessions) as session:
                _, channel = await _opened(session, place.channel.id)
                await erasing.erase(session, channel, some, way, datetime.now(UTC))
        if gone:
            log.info("messages deleted while nobody listened are erased", channel=place.channel.name, count=len(gone))

    async def _told(self, number: int, trouble: str | None) -> None:
        await lacking.tell(self._sessions, number, trouble)

    async def _gone(self, place: _Place) -> None:
        """The channel was deleted while nobody listened. What an owner brought in from a file stays."""
        way, now = api_text(place.workspace), datetime.now(UTC)
        async with transaction(self._sessions) as session:
            _, channel = await _opened(session, place.channel.id)
            await channels.shut(session, channel)
            channel.noticed = "closed"  # there is nobody left to tell
            count = await erasing.erase_all(session, channel, now, way)
        log.info("a channel was deleted, and what came from it is erased", channel=place.channel.name, messages=count)


async def _opened(session: AsyncSession, number: int) -> tuple[Workspace, Channel]:
    """The channel's rows, held. Raises NotOurs when it was closed."""
    workspace, channel = await channels.hold(session, number)
    if channel.state == "closed":
        raise NotOurs("The channel was closed.")
    return workspace, channel


async def _surely(page: Page, missing: Sequence[tuple[str, str | None]]) -> list[str]:
    """Those of the missing messages that are not just in a thread which was not seen."""
    if page.sure is None:
        return [one for one, _ in missing]
    sure = {thread: await page.sure(thread) for thread in {thread for _, thread in missing} if thread is not None}
    return [one for one, thread in missing if thread is None or sure[thread]]


def _reached(page: Page) -> datetime | None:
    """How far back the page reaches, None where nothing tells."""
    return page.back_to or min((one.posted.at for one in page.written), default=None)


def _each_once(page: Page) -> list[Written]:
    return list({one.posted.id: one for one in page.written}.values())


def _batches(items: Sequence[T]) -> list[Sequence[T]]:
    """At least one, which may be empty."""
    return [items[start : start + BATCH] for start in range(0, max(len(items), 1), BATCH)]
