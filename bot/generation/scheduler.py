"""Who runs next: first come, first served, as many at once as there are rows, behind a line of bounded length.

Owns the order of requests. Knows no model, no tensor, no thread and no event loop.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from bot.generation.engine import EngineBusy
from db.words import later

T = TypeVar("T")


class Scheduler(Generic[T]):
    """Tickets that run have `max_rows` rows between them, and at most `max_waiting` stand behind.

    Nobody is overtaken: a ticket of many rows holds the line until they are free, so it cannot starve. One that
    wants more rows than there are runs alone.
    """

    def __init__(self, max_rows: int, max_waiting: int) -> None:
        self._max_rows, self._max_waiting = max_rows, max_waiting
        self._running: dict[T, int] = {}
        self._waiting: dict[T, int] = {}

    @property
    def running(self) -> list[T]:
        """Those whose turn it is, the oldest first."""
        return list(self._running)

    def enter(self, ticket: T, rows: int) -> None:
        """Runs at once when there is room, otherwise joins the line. Raises EngineBusy when that is full."""
        self._waiting[ticket] = min(rows, self._max_rows)
        self._admit()
        if len(self._waiting) > self._max_waiting:
            del self._waiting[ticket]
            raise EngineBusy(
                later("{count} requests are waiting already; ask again in a moment.", count=self._max_waiting)
            )

    def leave(self, ticket: T) -> None:
        """Takes the ticket out, wherever it stands; the next in line run. Leaving twice is no error."""
        self._running.pop(ticket, None)
        self._waiting.pop(ticket, None)
        self._admit()

    def places(self) -> Iterator[tuple[int, T]]:
        """Those in line with their places, the next one first at place 1."""
        return enumerate(tuple(self._waiting), start=1)

    def all(self) -> list[T]:
        """Everyone, those who run first."""
        return [*self._running, *self._waiting]

    def _admit(self) -> None:
        free = self._max_rows - sum(self._running.values())
        for ticket, rows in list(self._waiting.items()):
            if rows > free:
                return
            free -= rows
            self._running[ticket] = self._waiting.pop(ticket)
