"""The rows that speak together: one forward pass gives each of them a token.

Owns the pass itself and which row stands where in the cache. Knows no queue and no text: what a token means is
`decoding`'s business, which one it is `sampler`'s.
"""

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel

from bot.generation.decoding import Decoding, Row
from bot.generation.engine import EngineUnavailable, Piece
from bot.generation.kv_cache import OwnCache, RowCache, can_share
from bot.generation.lora import Adapters
from bot.generation.sampler import draw
from db import words

Past = RowCache | OwnCache
News = tuple[Decoding, Piece | EngineUnavailable]


class Model:
    """A causal model with its adapters, as the batches use it."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.shares = can_share(model.config)
        self.adapters = Adapters(model)
        self._model = model
        self._takes_positions = "position_ids" in inspect.signature(model.forward).parameters

    def empty_past(self, prompts: Sequence[int]) -> Past:
        """For prompts of so many tokens each, to be read together; a base that cannot share takes one."""
        return RowCache(prompts) if self.shares else OwnCache(self._model.config)

    def scores(self, tokens: Sequence[Sequence[int]], past: Past) -> torch.Tensor:
        """Reads tokens, [rows, new], into the past; the next one's scores, [rows, vocabulary] in float32."""
        ids = torch.tensor(tokens, device=self._model.device)
        new = ids.shape[1]
        options: dict[str, Any] = {"attention_mask": past.mask(new, ids.device)}
        if self._takes_positions:
            options["position_ids"] = past.positions(new, ids.device)
        output: Any = self._model(input_ids=ids, past_key_values=past, use_cache=True, logits_to_keep=1, **options)
        past.advance(new)
        return output.logits[:, -1, :].float()


class Batch:
    """Rows over one past, in the same order. `sources`: the row of the given past that each comes from."""

    def __init__(self, model: Model, past: Past, rows: Sequence[Row], sources: list[int]) -> None:
        past.take(sources)
        self._model, self._past, self._rows = model, past, list(rows)

    @property
    def decodings(self) -> set[Decoding]:
        return {row.decoding for row in self._rows}

    def join(self, past: Past, rows: Sequence[Row], sources: list[int]) -> None:
        """Rows whose prompts were read into `past` speak along from now on."""
        assert isinstance(self._past, RowCache)
        assert isinstance(past, RowCache)
        self._past.join(past, sources)
        self._rows += rows

    def speak(self) -> list[News]:
        """A token for every row."""
        self._model.adapters.choose([row.decoding.adapter for row in self._rows])
        scores = self._model.scores([[row.ids[-1]] for row in self._rows], self._past)
        return say(self._rows, scores)

    def keep(self, running: Iterable[Decoding]) -> bool:
        """Goes on with the rows of these that still speak; false when there is none."""
        speaking = {id(row) for decoding in running for row in decoding.rows}
        kept = [at for at, row in enumerate(self._rows) if id(row) in speaking]
        if kept and len(kept) < len(self._rows):
            self._rows = [self._rows[at] for at in self._past.keep(kept)]
        return bool(kept)


def say(rows: Sequence[Row], scores: torch.Tensor) -> list[News]:
    """Draws each row's token and hands it to its decoding. scores: [rows, vocabulary] in float32.

    Where scores are not numbers, that request alone fails.
    """
    broken = ~scores.amax(dim=-1).isfinite()
    # Made numbers first: on a GPU, drawing from what are none ends the whole process's use of it.
    scores = scores.masked_fill_(broken[:, None], 0)
    tokens = draw(
        scores, [row.decoding.sampling for row in rows], [row.ids for row in rows], [row.dice for row in rows]
    )
    news: list[News] = []
    for row, token, bad in zip(rows, tokens, broken.tolist(), strict=True):
        if bad and not row.decoding.done:
            news.append((row.decoding, EngineUnavailable(NOT_NUMBERS)))
            row.decoding.give_up()
        elif not row.decoding.done and (piece := row.decoding.speak(row, token)):
            news.append((row.decoding, piece))
    return news


NOT_NUMBERS = words.later("The model's scores are not numbers; check the base and the adapter.")
