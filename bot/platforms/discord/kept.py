"""What is remembered for a while, and may be lost.

Owns nothing that must survive a restart: whoever looks for it says what to do when it is gone.
"""

import time
from collections import OrderedDict
from typing import Generic, TypeVar

from bot.chat.cards import Form

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The newest `most`, each for `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __setitem__(self, key: K, value: V) -> None:
        self._held.pop(key, None)
        now = time.monotonic()
        self._held[key] = (now, value)
        while len(self._held) > self._most or now - next(iter(self._held.values()))[0] > self._seconds:
            self._held.popitem(last=False)

    def get(self, key: K) -> V | None:
        at, value = self._held.get(key, (0.0, None))
        return value if value is not None and time.monotonic() - at <= self._seconds else None

    def forget(self, key: K) -> None:
        self._held.pop(key, None)

    def values(self) -> list[V]:
        return [value for _, value in self._held.values()]


# What is asked before a button is done, by the language that was spoken and its custom id. Without it people are asked
# in general words: others may press it than it was drawn for.
SURE: Remembered[tuple[str, str], str] = Remembered(2000, 24 * 3600.0)
# Dialogs as the desk made them, by who opened them and their custom id: to open one again, with what was filled in.
FORMS: Remembered[tuple[int, str], Form] = Remembered(500, 3600.0)
