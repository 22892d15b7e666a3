"""Takes runs from the queue one at a time, and says that this trainer lives.

Owns the claim and the heartbeat. What becomes of a run is trainer.attempt's.
"""

import asyncio
import contextlib
from datetime import UTC, datetime

import structlog

from db import heartbeats, runs
from db.models import Run
from db.session import Sessions, transaction
from trainer.attempt import Attempt, Limits, Places, rows_may_be_away

BEAT_S = 5.0

log = structlog.get_logger()


class Worker:
    """One worker of one trainer, known by `instance` (host and process)."""

    def __init__(self, sessions: Sessions, places: Places, limits: Limits, instance: str) -> None:
        self._sessions, self._places, self._limits, self._instance = sessions, places, limits, instance

    async def run_all(self) -> None:
        """Work until nothing waits."""
        while await self.run_next():
            pass

    async def run_forever(self, poll_seconds: float, stop: asyncio.Event) -> None:
        """Work until `stop`, through times without a database too."""
        while not stop.is_set():
            worked = False
            with rows_may_be_away():
                worked = await self.run_next()
            if not worked:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), poll_seconds)

    async def run_next(self) -> bool:
        """See the next run to its end; False when none waits."""
        claiming = asyncio.create_task(self._claim())
        try:
            run = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await self._hand_back(claiming)
            raise
        if run is None:
            return False
        log.info("run claimed", run=run.id, attempt=run.attempt)
        try:
            await Attempt(self._sessions, self._places, self._limits, run).see_through()
        except runs.RunLost:
            log.warning("run lost to another attempt", run=run.id, attempt=run.attempt)
        return True

    async def _claim(self) -> Run | None:
        async with transaction(self._sessions) as session:
            return await runs.claim(session, self._instance, _now())

    async def _hand_back(self, claiming: asyncio.Task[Run | None]) -> None:
        """What is claimed in the very moment of stopping need not wait until its lease lapses."""
        with rows_may_be_away(), contextlib.suppress(runs.RunLost):
            if run := await claiming:
                async with transaction(self._sessions) as session:
                    await runs.release(session, run)

    async def beat(self, stop: asyncio.Event) -> None:
        """Say every few seconds that this trainer lives, until `stop`."""
        while not stop.is_set():
            with rows_may_be_away():
                async with transaction(self._sessions) as session:
                    await heartbeats.beat(session, "trainer", self._instance, {}, _now())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT_S)
        with rows_may_be_away():
            async with transaction(self._sessions) as session:
                await heartbeats.stop(session, "trainer", self._instance)


def _now() -> datetime:
    return datetime.now(UTC)
