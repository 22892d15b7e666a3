"""One request on its way through the model, a step at a time.

Owns the prompt's key/value cache, the drawing of tokens and the candidates' texts. Knows no queue, no adapter
and no thread: whoever calls `step` has chosen the adapter and holds the model thread.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.generation.logits_process import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from bot.generation.engine import Finish, Piece, Reason, Sampling
from bot.generation.text_stream import TextStream

# Prompt tokens a step, so that a long prompt neither takes all memory nor delays a cancellation.
PREFILL = 512


class NotNumbers(Exception):
    """The model's scores are not numbers; check the base and the adapter."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to end: after so many tokens, at one of these ids, at this reading of time.monotonic()."""

    new_tokens: int
    end_ids: frozenset[int]
    deadline: float | None = None

    def passed(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(slots=True)
class Row:
    """A candidate that still speaks: a row of the batch."""

    candidate: int
    text: TextStream
    tokens: int = 0


class Decoding:
    """Candidates are rows of one batch: the prompt is read once, and its cache is then repeated for each."""

    def __init__(
        self,
        model: PreTrainedModel,
        prompt: Sequence[int],
        sampling: Sampling,
        candidates: int,
        limits: Limits,
        decode: Callable[[Sequence[int]], str],
    ) -> None:
        self._began = time.monotonic()
        self._first_token_s: float | None = None
        self._limits = limits
        self._prompt_tokens = len(prompt)
        self._rows = [Row(n, TextStream(decode, sampling.stop)) for n in range(candidates)]
        self._cache = DynamicCache(config=model.config)
        self._history = torch.tensor([prompt], device=model.device)  # [rows, tokens so far]
        self._read = 0  # tokens of the history that are in the cache
        self._processors = processors_for(sampling)
        self._greedy = sampling.temperature <= 0
        self._dice = torch.Generator(model.device)
        if sampling.seed is None:
            self._dice.seed()
        else:
            self._dice.manual_seed(sampling.seed)

    @property
    def done(self) -> bool:
        return not self._rows

    def step(self, model: PreTrainedModel) -> list[Piece]:
        """Reads some more of the prompt, or draws one token for each candidate. Raises NotNumbers."""
        if self._limits.passed():
            return self._end_all()
        logits = self._forward(model)
        if self._read < self._prompt_tokens:
            return []
        if self._first_token_s is None:
            self._repeat_prompt()
            logits = logits.repeat_interleave(len(self._rows), dim=0)
        drawn = self._draw(logits)
        if self._first_token_s is None:
            self._first_token_s = time.monotonic() - self._began
        self._history = torch.cat([self._history, drawn[:, None]], dim=1)
        spoken = [self._speak(row, token) for row, token in zip(self._rows, drawn.tolist(), strict=True)]
        self._keep([at for at, piece in enumerate(spoken) if piece.finish is None])
        return [piece for piece in spoken if piece.text or piece.finish]

    def close(self) -> None:
        """Ends it here and gives its memory back."""
        self._keep([])

    def _forward(self, model: PreTrainedModel) -> torch.Tensor:
        """Scores of the next token, [rows, vocabulary] in float32."""
        tokens = self._history[:, self._read : self._read + PREFILL]
        output = model(input_ids=tokens, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._read += tokens.shape[1]
        return output.logits[:, -1, :].float()

    def _repeat_prompt(self) -> None:
        if len(self._rows) > 1:
            self._cache.batch_repeat_interleave(len(self._rows))
            self._history = self._history.repeat_interleave(len(self._rows), dim=0)

    def _draw(self, logits: torch.Tensor) -> torch.Tensor:
        # Asked first: on a GPU, drawing from what are not numbers ends the whole process's use of it.
        if logits.isnan().any():
            raise NotNumbers("The model's scores are not numbers; check the base and the adapter.")
        scores = self._processors(cast(torch.LongTensor, self._history), cast(torch.FloatTensor, logits))
        if self._greedy:
            return scores.argmax(dim=-1)
        return torch.multinomial(scores.softmax(dim=-1), 1, generator=self._dice)[:, 0]

    def _speak(self, row: Row, token: int) -> Piece:
        row.tokens += 1
        if token in self._limits.end_ids:
            return self._last(row, row.text.flush(), "stop")
        text = row.text.push(token)
        if row.text.stopped:
            return self._last(row, text, "stop")
        if row.tokens >= self._limits.new_tokens:
            text += row.text.flush()
            return self._last(row, text, "stop" if row.text.stopped else "length")
        return Piece(row.candidate, text)

    def _last(self, row: Row, text: str, reason: Reason) -> Piece:
        total_s = time.monotonic() - self._began
        first_token_s = total_s if self._first_token_s is None else self._first_token_s
        return Piece(row.candidate, text, Finish(reason, self._prompt_tokens, row.tokens, first_token_s, total_s))

    def _end_all(self) -> list[Piece]:
        pieces = [self._last(row, row.text.flush(), "deadline") for row in self._rows]
        self.close()
        return pieces

    def _keep(self, rows: list[int]) -> None:
        """Goes on with these rows of the batch only; the memory of the others is free."""
        if len(rows) == len(self._rows):
            return
        self._rows = [self._rows[at] for at in rows]
        kept = torch.tensor(rows, dtype=torch.long, device=self._history.device)
        self._history = self._history[kept]
        if rows:
            self._cache.batch_select_indices(kept)
        else:
            self._cache = DynamicCache()


def processors_for(sampling: Sampling) -> LogitsProcessorList:
    """The same processors in the same order as transformers' own generate()."""
    processors = LogitsProcessorList()
    if sampling.repetition_penalty != 1.0:
        processors.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
    if sampling.temperature > 0:
        if sampling.temperature != 1.0:
            processors.append(TemperatureLogitsWarper(sampling.temperature))
        if sampling.top_k > 0:
            processors.append(TopKLogitsWarper(sampling.top_k))
        if sampling.top_p < 1.0:
            processors.append(TopPLogitsWarper(sampling.top_p))
    return processors
