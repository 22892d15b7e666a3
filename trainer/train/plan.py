"""How many steps a run takes, and which samples and which learning rate each step has.

Owns the plan, which is made once and followed to its end: a time limit makes the schedule shorter and never
cuts it. Everything is computed from the step's number, so that a resumed run needs no memory of the past.
Knows no model.
"""

import math
import random
from dataclasses import dataclass

from db.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Plan:
    """`tokens` are those the model reads in all the steps; `seconds` is the estimate for them."""

    steps: int
    tokens: int
    epochs: float
    seconds: float


def make_plan(recipe: Recipe, lengths: list[int], token_seconds: float, seconds_left: float | None) -> Plan:
    """The steps that the recipe asks for and the time allows; one at least."""
    per_epoch = steps_per_epoch(recipe, len(lengths))
    epoch_tokens = sum(lengths)
    steps = per_epoch * recipe.epochs
    step_seconds = token_seconds * epoch_tokens / per_epoch
    if seconds_left is not None:
        steps = max(1, min(steps, int(seconds_left / max(step_seconds, 1e-9))))
    epochs = steps / per_epoch
    return Plan(steps, round(epoch_tokens * epochs), round(epochs, 3), round(step_seconds * steps, 2))


def steps_per_epoch(recipe: Recipe, samples: int) -> int:
    return math.ceil(samples / recipe.batch)


def members(recipe: Recipe, samples: int, step: int) -> list[int]:
    """Which samples step `step` (from 0) learns from: each epoch is a shuffle of all of them."""
    epoch, place = divmod(step, steps_per_epoch(recipe, samples))
    order = list(range(samples))
    random.Random(f"{recipe.seed}/{epoch}").shuffle(order)
    return order[place * recipe.batch : (place + 1) * recipe.batch]


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Up in a straight line, then down half a cosine to a tenth of the peak at the last step."""
    warmup = max(1, round(steps * recipe.warmup_ratio))
    if step < warmup:
        return recipe.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return recipe.learning_rate * (0.1 + 0.9 * (1 + math.cos(math.pi * progress)) / 2)
