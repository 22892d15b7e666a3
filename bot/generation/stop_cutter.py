"""Where a stop string ends a text that comes in pieces.

Owns one text's held-back end. Knows no token: pieces are what a server sends.
"""

from collections.abc import Sequence


class StopCutter:
    """What `push` and `flush` return is the text up to the first stop string; `stopped` says that one came."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""  # perhaps the beginning of a stop string
        self.stopped = False

    def push(self, text: str) -> str:
        """What this piece sets free, often all of it; nothing any more after a stop string."""
        if self.stopped:
            return ""
        self._held += text
        found = [at for at in (self._held.find(stop) for stop in self._stops) if at >= 0]
        self.stopped = bool(found)
        free = min(found) if found else len(self._held) - self._ambiguous()
        out, self._held = self._held[:free], "" if found else self._held[free:]
        return out

    def flush(self) -> str:
        """The rest: nothing comes any more that could make a stop string of it."""
        out, self._held = self._held, ""
        return out

    def _ambiguous(self) -> int:
        """How many characters at the end are the beginning of a stop string."""
        lengths = (n for stop in self._stops for n in range(1, len(stop)) if self._held.endswith(stop[:n]))
        return max(lengths, default=0)
