"""Who runs next: first come, first served, one at a time, behind a line of bounded length.

Owns the order of requests. Knows no model, no tensor, no thread and no event loop.
"""

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from bot.generation.engine import EngineBusy

T = TypeVar("T")


class Scheduler(Generic[T]):
    """At most one ticket runs and at most `max_waiting` stand behind it."""

    def __init__(self, max_waiting: int) -> None:
        self.running: T | None = None
        self._waiting: deque[T] = deque()
        self._max_waiting = max_waiting

    def enter(self, ticket: T) -> None:
        """Runs at once when nothing does, otherwise joins the line. Raises EngineBusy when that is full."""
        if self.running is None:
            self.running = ticket
        elif len(self._waiting) < self._max_waiting:
            self._waiting.append(ticket)
        else:
            raise EngineBusy(f"{self._max_waiting} requests are waiting already; ask again in a moment.")

    def leave(self, ticket: T) -> None:
        """Takes the ticket out, wherever it stands; the next in line runs. Leaving twice is no error."""
        if self.running is ticket:
            self.running = self._waiting.popleft() if self._waiting else None
        elif ticket in self._waiting:
            self._waiting.remove(ticket)

    def places(self) -> Iterator[tuple[int, T]]:
        """Those in line with their places, the next one first at place 1."""
        return enumerate(tuple(self._waiting), start=1)

    def all(self) -> list[T]:
        """Everyone, the running one first."""
        return [*([] if self.running is None else [self.running]), *self._waiting]
