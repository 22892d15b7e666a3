"""The next token of each row, every row by its own wishes.

Owns the drawing. What it draws from equals transformers' logits processors in generate()'s order (repetition
penalty, temperature, top-k, top-p), but the vocabulary is sorted only as far as a row's top-k reaches, and once
for all rows. Knows no model and no request.
"""

import random
from collections.abc import Sequence

import torch

from bot.generation.engine import Sampling

COLDEST = 1e-4  # below, only the likeliest is left, and dividing by it would overflow


class Dice:
    """One row's own chance: with the same seed the same draws, whatever shares the batch."""

    def __init__(self, seed: int | None, row: int) -> None:
        self._random = random.Random() if seed is None else random.Random(f"{seed}/{row}")

    def throw(self) -> float:
        return self._random.random()


def draw(
    logits: torch.Tensor, wishes: Sequence[Sampling], history: Sequence[Sequence[int]], dice: Sequence[Dice]
) -> list[int]:
    """One token a row. logits: [rows, vocabulary] in float32, written to; `history`: each row's ids so far."""
    _penalise(logits, wishes, history)
    greedy = [row for row, wish in enumerate(wishes) if wish.temperature < COLDEST]
    limited = [row for row, wish in enumerate(wishes) if wish.temperature >= COLDEST and wish.top_k > 0]
    free = [row for row, wish in enumerate(wishes) if wish.temperature >= COLDEST and wish.top_k <= 0]
    tokens = [0] * len(wishes)
    if greedy:
        for row, token in zip(greedy, logits[greedy].argmax(dim=-1).tolist(), strict=True):
            tokens[row] = token
    for rows in (limited, free):
        if rows:
            drawn = _among(logits[rows], [wishes[row] for row in rows], [dice[row] for row in rows])
            for row, token in zip(rows, drawn, strict=True):
                tokens[row] = token
    return tokens


def _penalise(logits: torch.Tensor, wishes: Sequence[Sampling], history: Sequence[Sequence[int]]) -> None:
    """Keskar et al. 2019: what was said already, the prompt included, becomes less likely."""
    for row, wish in enumerate(wishes):
        if wish.repetition_penalty != 1.0:
            said = torch.tensor(sorted(set(history[row])), device=logits.device)
            scores = logits[row, said]
            logits[row, said] = torch.where(
                scores < 0, scores * wish.repetition_penalty, scores / wish.repetition_penalty
            )


def _among(logits: torch.Tensor, wishes: Sequence[Sampling], dice: Sequence[Dice]) -> list[int]:
    vocabulary = logits.shape[1]
    limits = [min(wish.top_k, vocabulary) if wish.top_k > 0 else vocabulary for wish in wishes]
    temperatures = logits.new_tensor([[wish.temperature] for wish in wishes])
    scores, ids = logits.topk(max(limits), dim=-1)  # the likeliest first
    scores = (scores - scores[:, :1]) / temperatures
    places = torch.arange(scores.shape[1], device=logits.device)
    scores.masked_fill_(places >= torch.tensor(limits, device=logits.device)[:, None], -torch.inf)
    odds = scores.softmax(dim=-1)
    before = odds.cumsum(dim=-1) - odds
    # Holtzman et al. 2020: the smallest set whose odds reach top-p, the likeliest always among them.
    top_p = logits.new_tensor([[wish.top_p if wish.top_p > 0 else 1e-9] for wish in wishes])
    odds.masked_fill_((before >= top_p) & (places > 0), 0)
    reach = odds.cumsum(dim=-1)
    thrown = logits.new_tensor([[die.throw()] for die in dice]) * reach[:, -1:]
    last = (odds > 0).sum(dim=-1, keepdim=True) - 1  # a throw just below one may be rounded up to it
    chosen = (reach <= thrown).sum(dim=-1, keepdim=True).minimum(last)
    return ids.gather(1, chosen)[:, 0].tolist()
