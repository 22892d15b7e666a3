"""The queue's worker: reply rows are claimed, answered and kept alive.

Owns this process's tasks, their leases and how many there are at once, and looks for replies that were deleted.
Knows no model, and of networks only which are there to be shown on.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.platform import Platform
from bot.chat.replying.hand import Hand
from bot.chat.replying.removing import remove_deleted
from bot.chat.replying.reply import Replier
from db import replies
from db.session import Sessions, reading, transaction
from db.words import later

log = structlog.get_logger()

_DELETED_S = 1.0  # between two looks at what was deleted: whoever deletes a reply wants it gone


class Answering:
    """`serving` a platform, its rows are claimed; `wake()` after a mention was kept.

    `instance` must be another one for every process that ever lived. `at_once` rows are in hand at the most. A
    lease is renewed every third of it, and so often is looked for rows that nobody called us for: those of a
    process that died, and those whose answering failed.
    """

    def __init__(
        self,
        sessions: Sessions,
        replier: Replier,
        instance: str,
        *,
        at_once: int,
        lease: timedelta = replies.LEASE,
    ) -> None:
        self._sessions, self._replier, self._instance = sessions, replier, instance
        self._at_once, self._lease = at_once, lease
        self._platforms: dict[str, Platform] = {}
        self._hands: dict[asyncio.Task[None], Hand] = {}
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._woken = asyncio.Event()
        self._full = False  # there may be more rows than were claimed
        self._renew_at = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Answer while this is open. What is in hand then is dropped: its lease lapses, and it is taken again."""
        loops = [asyncio.create_task(loop) for loop in (self._run(), self._take_away(), self._fall_silent())]
        try:
            yield
        finally:
            tasks = [*loops, *self._hands]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @contextmanager
    def serving(self, platform: Platform) -> Generator[None]:
        """Rows of this platform are ours to claim while this is open."""
        self._platforms[platform.name] = platform
        self.wake()
        try:
            yield
        finally:
            del self._platforms[platform.name]

    def wake(self) -> None:
        """Look for rows at once."""
        self._woken.set()

    async def settled(self, reply_id: int) -> None:
        """Return when the row was answered, or deleted. Raises what answering it here raised."""
        waiting = self._waiting.setdefault(reply_id, asyncio.get_running_loop().create_future())
        try:
            while True:
                answered = waiting.done()  # before the row is read: one that was lost may have been deleted
                if await self._has_ended(reply_id):
                    return None
                if answered:
                    return waiting.result()
                await asyncio.wait([waiting], timeout=_DELETED_S)
        finally:
            self._waiting.pop(reply_id, None)

    async def _has_ended(self, reply_id: int) -> bool:
        async with reading(self._sessions) as session:
            return await replies.has_ended(session, reply_id)

    async def _run(self) -> None:
        while True:
            try:
                await self._renew()
                await self._claim()
            except Exception:
                log.exception("looking for mentions to answer failed; trying again")
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._renew_at - time.monotonic())):
                    await self._woken.wait()
            self._woken.clear()

    async def _take_away(self) -> None:
        """Apart from the rest: a slow network must not keep a lease from being renewed."""
        while True:
            try:
                await remove_deleted(self._sessions, dict(self._platforms), self._replier.limits.network_seconds)
            except Exception:
                log.exception("looking for deleted replies failed; trying again")
            await asyncio.sleep(_DELETED_S)

    async def _fall_silent(self) -> None:
        """Apart from taking away, which may be slow: what is deleted is not spoken to its end."""
        while True:
            await asyncio.sleep(_DELETED_S)
            if not self._hands:
                continue
            try:
                async with reading(self._sessions) as session:
                    erased = await replies.erased(session, {hand.reply.id for hand in self._hands.values()})
            except Exception:
                log.exception("looking for deleted replies failed; trying again")
                continue
            for task, hand in self._hands.items():
                if hand.reply.id in erased and not task.cancelling():
                    task.cancel()

    async def _renew(self) -> None:
        """Keep what is in hand; what is another's by now is dropped, and no longer shown."""
        if time.monotonic() < self._renew_at:
            return
        self._renew_at = time.monotonic() + self._lease.total_seconds() / 3
        held = {hand.reply.id: hand.reply.attempt for hand in self._hands.values()}
        if not held:
            return
        now = datetime.now(UTC)
        async with transaction(self._sessions) as session:
            kept = await replies.renew(session, held, now, self._lease)
        for task, hand in self._hands.items():
            if hand.reply.id in kept:
                hand.until = now + self._lease
            elif not hand.ending:
                task.cancel()

    async def _claim(self) -> None:
        platforms, free = dict(self._platforms), self._at_once - len(self._hands)
        self._full = free <= 0
        if self._full or not platforms:
            return
        held = Counter(hand.to.platform for hand in self._hands.values())
        claimed: list[replies.Placed] = []
        async with transaction(self._sessions) as session:
            for name in sorted(platforms, key=lambda one: held[one]):
                room = min(free - len(claimed), self._share() - held[name])
                claimed += (found := await self._claimed(session, platforms[name], room))
                self._full |= len(found) == max(room, 0)
        for one in claimed:
            hand = Hand(self._sessions, one, self._lease)
            task = asyncio.create_task(self._replier.answer(platforms[hand.to.platform], hand))
            self._hands[task] = hand
            task.add_done_callback(self._done)

    async def _claimed(self, session: AsyncSession, platform: Platform, room: int) -> list[replies.Placed]:
        if room <= 0:
            return []
        now = datetime.now(UTC)
        reach = replies.Reach(platform.name, platform.sitting, others_before=now - self._replier.limits.patience)
        return await replies.claim(session, self._instance, [reach], now, room, self._lease)

    def _share(self) -> int:
        """How many rows of one platform may be in hand: one that is slow or away, whose answers wait for it, never
        takes the room of all the others.
        """
        others = len(self._platforms) - 1
        return self._at_once - others * (self._at_once // (2 + 2 * others))

    def _done(self, task: asyncio.Task[None]) -> None:
        hand = self._hands.pop(task)
        lost = replies.ReplyLost(later("Reply {reply} is no longer answered here.", reply=hand.reply.id))
        error = lost if task.cancelled() else task.exception()
        waiting = self._waiting.get(hand.reply.id)
        if waiting is not None and not waiting.done():
            waiting.set_exception(error) if error else waiting.set_result(None)
            waiting.exception()  # seen: who waits may find first that the row has ended
        elif isinstance(error, replies.ReplyLost):
            log.info("reply left to another attempt", reply=hand.reply.id)
        elif error is not None:
            log.error("answering failed; trying again when the lease has lapsed", reply=hand.reply.id, exc_info=error)
        if self._full:
            self.wake()
