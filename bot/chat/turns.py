"""So many calls within so many seconds: who comes when.

Owns the counting. Knows no network.
"""

from collections import deque
from collections.abc import Callable


class Turns:
    def __init__(self, many: int, seconds: float, clock: Callable[[], float]) -> None:
        self._at: deque[float] = deque(maxlen=many)
        self._seconds, self._clock = seconds, clock

    def next(self) -> float:
        """When the next turn is; it may have been."""
        return self._at[0] + self._seconds if len(self._at) == self._at.maxlen else 0.0

    def take(self, at: float) -> None:
        self._at.append(at)

    def has_room(self, spare: int = 0) -> bool:
        """Whether there is a turn now, and `spare` more within the seconds."""
        past = sum(one <= self._clock() - self._seconds for one in self._at)
        return self.next() <= self._clock() and len(self._at) - past + spare < (self._at.maxlen or 0)

    @property
    def idle(self) -> bool:
        """Whether nothing that was done counts any more."""
        return not self._at or self._at[-1] + self._seconds <= self._clock()
