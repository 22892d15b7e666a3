"""One request on its way through the model: its prompt, its candidates, its end.

Owns what belongs to one request alone: texts, counts, chance, deadline. Knows no tensor, no batch and no queue:
`batch` computes, `sampler` draws.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.generation.adapter_folder import Adapter
from bot.generation.engine import Finish, Piece, Reason, Sampling
from bot.generation.sampler import Dice
from bot.generation.text_stream import TextStream


@dataclass(frozen=True, slots=True)
class Limits:
    """When to end: after so many tokens, at one of these ids, at this reading of time.monotonic()."""

    new_tokens: int
    end_ids: frozenset[int]
    deadline: float | None = None

    def passed(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(slots=True, eq=False)
class Row:
    """A candidate that still speaks: a row of a batch. `ids` are the prompt's and its own."""

    decoding: "Decoding"
    candidate: int
    ids: list[int]
    text: TextStream
    dice: Dice
    tokens: int = 0


@dataclass(slots=True, eq=False)
class Decoding:
    """`prompt` is read first, in parts; then each candidate is a row until its end."""

    prompt: Sequence[int]
    sampling: Sampling
    candidates: int
    adapter: Adapter | None
    limits: Limits
    decode: Callable[[Sequence[int]], str]
    rows: list[Row] = field(default_factory=list)
    read: int = 0
    done: bool = False
    _began: float = field(default_factory=time.monotonic)
    _first_token_s: float | None = None

    def begin(self) -> list[Row]:
        """The prompt is read: every candidate gets its row."""
        self.rows = [
            Row(self, n, list(self.prompt), TextStream(self.decode, self.sampling.stop), Dice(self.sampling.seed, n))
            for n in range(self.candidates)
        ]
        return list(self.rows)

    def speak(self, row: Row, token: int) -> Piece | None:
        """What this token lets be shown; a piece that carries `finish` ends the row."""
        if self._first_token_s is None:
            self._first_token_s = time.monotonic() - self._began
        row.ids.append(token)
        row.tokens += 1
        if token in self.limits.end_ids:
            return self._last(row, row.text.flush(), "stop")
        text = row.text.push(token)
        if row.text.stopped:
            return self._last(row, text, "stop")
        if row.tokens >= self.limits.new_tokens:
            text += row.text.flush()
            return self._last(row, text, "stop" if row.text.stopped else "length")
        return Piece(row.candidate, text) if text else None

    def lapse(self) -> list[Piece]:
        """Ends every candidate here, because its deadline has passed."""
        rows = list(self.rows) or self.begin()
        return [self._last(row, row.text.flush(), "deadline") for row in rows]

    def give_up(self) -> None:
        """Ends it without a word."""
        self.rows, self.done = [], True

    def _last(self, row: Row, text: str, reason: Reason) -> Piece:
        self.rows.remove(row)
        self.done = not self.rows
        total_s = time.monotonic() - self._began
        first_token_s = total_s if self._first_token_s is None else self._first_token_s
        return Piece(row.candidate, text, Finish(reason, len(self.prompt), row.tokens, first_token_s, total_s))
