"""Work on many things at once, each apart from the others, and tried again after waits that grow.

Owns the tasks and the waits. Knows nothing of what is done.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any

import structlog

log = structlog.get_logger()

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0


class Waits:
    """How long what failed waits before it is tried again: each time twice as long, up to `longest_s`."""

    def __init__(self, first_s: float = FIRST_WAIT_S, longest_s: float = LONGEST_WAIT_S) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._waits: dict[Hashable, tuple[float, float]] = {}  # until when, and how long

    def holds(self, key: Hashable) -> bool:
        return key in self._waits and self._waits[key][0] > time.monotonic()

    def failed(self, key: Hashable = None) -> float:
        """It failed once more; how long it waits now."""
        last = self._waits[key][1] if key in self._waits else None
        wait = self._first_s if last is None else min(2 * last, self._longest_s)
        self._waits[key] = (time.monotonic() + wait, wait)
        return wait

    def over(self, key: Hashable = None) -> None:
        """It works: the next failure is a first one."""
        self._waits.pop(key, None)


class Work:
    """`waits` are told of failures by whoever does the work, by the key that it was begun under."""

    def __init__(self, first_wait_s: float = FIRST_WAIT_S) -> None:
        self.waits = Waits(first_wait_s)
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}

    def begin(self, key: Hashable, do: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Unless it is being done already, or waits."""
        if key in self._tasks or self.waits.holds(key):
            return
        task = asyncio.create_task(do())
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    def going(self) -> list[asyncio.Task[None]]:
        return list(self._tasks.values())

    async def keep(self, look: Callable[[], Awaitable[object]], every_s: float, what: str) -> None:
        """Look for ever for what is to be done; what is under way ends with it."""
        try:
            while True:
                try:
                    await look()
                except Exception:
                    log.exception(f"looking for {what} failed; trying again")
                await asyncio.sleep(every_s)
        finally:
            for task in self.going():
                task.cancel()
            await asyncio.gather(*self.going(), return_exceptions=True)
