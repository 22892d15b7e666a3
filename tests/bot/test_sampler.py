"""Draws beside transformers' own logits processors: the same odds, and each row by its own wishes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.generation.logits_process import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from bot.generation.engine import Sampling
from bot.generation.sampler import Dice, draw

VOCABULARY = 40


def transformers_odds(logits: torch.Tensor, wish: Sampling, history: list[int]) -> torch.Tensor:
    processors = LogitsProcessorList([RepetitionPenaltyLogitsProcessor(wish.repetition_penalty)])
    if wish.temperature > 0:
        processors.append(TemperatureLogitsWarper(wish.temperature))
        if wish.top_k:
            processors.append(TopKLogitsWarper(wish.top_k))
        processors.append(TopPLogitsWarper(wish.top_p))
    scores = processors(torch.tensor([history]), logits[None].clone())[0]  # type: ignore[arg-type]
    if wish.temperature > 0:
        return scores.softmax(dim=-1)
    return torch.nn.functional.one_hot(scores.argmax(), VOCABULARY).float()


class Set(Dice):
    """Throws what it is told."""

    def __init__(self, value: float) -> None:
        self.value = value

    def throw(self) -> float:
        return self.value


wishes = st.builds(
    Sampling,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 1.7]),
    top_p=st.sampled_from([0.01, 0.3, 0.9, 0.95, 1.0]),
    top_k=st.sampled_from([0, 1, 3, 10, 50]),
    repetition_penalty=st.sampled_from([1.0, 0.5, 1.3]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(wishes, min_size=1, max_size=5), st.integers(0, 2**31))
def test_every_row_draws_each_token_as_often_as_transformers_says(rows: list[Sampling], seed: int) -> None:
    logits = torch.randn(len(rows), VOCABULARY, generator=torch.Generator().manual_seed(seed)) * 3
    history = [[1, 2, 3, row] for row in range(len(rows))]
    throws = 400  # evenly spread, they count out the odds exactly but for the last one at each border
    counts = torch.zeros(len(rows), VOCABULARY)
    for n in range(throws):
        drawn = draw(logits.clone(), rows, history, [Set((n + 0.5) / throws)] * len(rows))
        counts[range(len(rows)), drawn] += 1
    for row, wish in enumerate(rows):
        expected = transformers_odds(logits[row], wish, history[row])
        assert (counts[row] / throws - expected).abs().max() <= 1.01 / throws
        assert not counts[row][expected == 0].any()


@pytest.mark.parametrize("throw", [0.0, 1 - 2**-40, 1.0])
def test_the_ends_of_chance_stay_among_what_may_be_drawn(throw: float) -> None:
    logits = torch.tensor([[0.0, 5.0, 4.0, -3.0]])
    for wish in (Sampling(top_k=2, top_p=1.0), Sampling(top_k=0, top_p=0.6), Sampling(top_k=4, top_p=0.0)):
        assert draw(logits.clone(), [wish], [[0]], [Set(throw)])[0] in (1, 2)


def test_dice_of_a_seed_come_again_and_rows_differ() -> None:
    throws = [[Dice(seed, row).throw() for _ in range(3)] for seed, row in ((7, 0), (7, 0), (7, 1), (8, 0))]
    assert throws[0] == throws[1]
    assert len({tuple(one) for one in throws}) == 3
    assert Dice(None, 0).throw() != Dice(None, 0).throw()


@pytest.mark.parametrize("temperature", [1e-40, 1e-5, 1e-4])
def test_next_to_no_temperature_takes_the_likeliest_and_spoils_no_other_row(temperature: float) -> None:
    logits = torch.tensor([[0.0, 5.0, 4.0, -3.0], [0.0, 1.0, 9.0, 2.0]])
    wishes = [Sampling(temperature=temperature), Sampling(temperature=1.0, top_k=1)]
    assert draw(logits, wishes, [[0], [0]], [Set(0.9), Set(0.9)]) == [1, 2]
