"""How often a channel may be written to, and who waits for whom.

Owns the channels' turns. Discord allows about five posts and as many edits in five seconds, says no number, and asks
to wait where it was too much; posts and edits together are kept below that.
"""

import asyncio
import time
from collections.abc import Callable

from bot.chat.turns import Turns

MANY, SECONDS = 5, 5.0
SPARE = 2  # turns that changes on the way leave for what must be said
_CHANNELS = 1000  # whose turns are remembered


class Pace:
    """`scale` shortens the seconds."""

    def __init__(self, *, scale: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = SECONDS * scale, clock
        self._turns: dict[str, Turns] = {}

    def has_room(self, channel: str) -> bool:
        """Whether a change on the way may be shown there now."""
        return self._of(channel).has_room(SPARE)

    async def turn(self, channel: str) -> None:
        """Wait for a turn; who came first goes first."""
        turns = self._of(channel)
        at = max(self._clock(), turns.next())
        turns.take(at)
        if (wait := at - self._clock()) > 0:
            await asyncio.sleep(wait)

    def _of(self, channel: str) -> Turns:
        if channel not in self._turns:
            if len(self._turns) >= _CHANNELS:
                self._turns = {one: turns for one, turns in self._turns.items() if not turns.idle}
            self._turns[channel] = Turns(MANY, self._seconds, self._clock)
        return self._turns[channel]
