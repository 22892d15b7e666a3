"""The time by which a pretended platform lives: the wall's, until a test pushes it on."""

import time


class Clock:
    """Wall-clock seconds, which a test may push forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds
