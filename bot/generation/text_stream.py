"""Tokens to text while they come: what may be shown already, and where a stop string ends it.

Owns one candidate's text. Knows no model, and of the tokenizer only a function from ids to text.
"""

from collections.abc import Callable, Sequence

UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class TextStream:
    """The pieces joined are the decoding of all tokens, up to a stop string or a character left unfinished.

    The text so far is decoded again with every token, for only the tokenizer knows how its tokens join
    (leading spaces, bytes). What may still become another character or a stop string is held back.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], stop: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stop = [text for text in stop if text]
        self._ids: list[int] = []
        self._start = 0  # where the decoded window begins
        self._read = 0  # ids whose text is taken
        self._taken = ""  # the window's text that is taken
        self._held = ""  # taken, but perhaps the beginning of a stop string
        self.stopped = False

    def push(self, token: int) -> str:
        """The text that this token sets free, often none. After a stop string `stopped` is true."""
        self._ids.append(token)
        text = self._window()
        return "" if text.endswith(UNFINISHED) else self._take(text)

    def flush(self) -> str:
        """The rest, without a character that was never finished."""
        return self._take(self._window().rstrip(UNFINISHED)) + self._held

    def _window(self) -> str:
        text = self._decode(self._ids[self._start :])
        if text.startswith(self._taken):
            return text
        # Byte-fallback decoders take a whole run of bytes back when its end is broken. What was shown stays
        # shown: go on from there.
        self._start, self._taken = self._read, ""
        return self._decode(self._ids[self._start :])

    def _take(self, text: str) -> str:
        self._held += text[len(self._taken) :]
        self._taken, self._read = text, len(self._ids)
        found = [at for at in (self._held.find(stop) for stop in self._stop) if at >= 0]
        self.stopped = bool(found)
        free = min(found) if found else len(self._held) - self._ambiguous()
        out = self._held[:free]
        self._held = "" if found else self._held[free:]
        return out

    def _ambiguous(self) -> int:
        """How many characters at the end are the beginning of a stop string."""
        lengths = (n for stop in self._stop for n in range(1, len(stop)) if self._held.endswith(stop[:n]))
        return max(lengths, default=0)
