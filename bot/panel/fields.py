"""Boxes for the numbers of a recipe and a sampling, with their limits, and what was changed in them.

Owns what each number is called. Knows no persona.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from db.recipe import is_whole, limits
from db.words import say

SAMPLING = ("temperature", "top_p", "top_k", "repetition_penalty", "max_new_tokens")
OFTEN = ("epochs", "learning_rate", "rank")
SELDOM = ("alpha", "dropout", "block", "batch", "warmup_ratio", "weight_decay", "max_grad_norm", "seed")


def _called(key: str) -> str:
    return {
        "temperature": say("Temperature"),
        "top_p": say("Top-p"),
        "top_k": say("Top-k (0: all)"),
        "repetition_penalty": say("Repetition penalty"),
        "max_new_tokens": say("Longest answer, in tokens"),
        "epochs": say("Epochs"),
        "learning_rate": say("Learning rate"),
        "rank": say("Rank"),
        "alpha": say("Alpha"),
        "dropout": say("Dropout"),
        "block": say("Longest sequence, in tokens"),
        "batch": say("Sequences in a step"),
        "warmup_ratio": say("Part of the steps for warming up"),
        "weight_decay": say("Weight decay"),
        "max_grad_norm": say("Largest gradient norm"),
        "seed": say("Seed"),
    }[key]


class Numbers:
    """A box for each of `keys`; `changed` is what differs from what was shown last."""

    def __init__(self, keys: Sequence[str], values: Mapping[str, Any]) -> None:
        self._boxes: dict[str, ui.number] = {}
        with ui.element("div").classes("grid grid-cols-2 sm:grid-cols-3 gap-x-4 gap-y-1 w-full"):
            for key in keys:
                low, high = limits(key)
                step = 1 if is_whole(key) else None
                box = ui.number(_called(key), step=step, validation=_within(low, high)).mark(key)
                self._boxes[key] = box.props("dense")
        self.show(values)

    def show(self, values: Mapping[str, Any]) -> None:
        self._shown = {key: values[key] for key in self._boxes}
        for key, box in self._boxes.items():
            box.value = values[key]

    def changed(self) -> dict[str, Any]:
        """What was written in; an empty box leaves its number as it is."""
        found: dict[str, Any] = {}
        for key, box in self._boxes.items():
            value = _plain(box.value)
            if value is not None and value != self._shown[key]:
                found[key] = value
        return found


def _within(low: float, high: float) -> dict[str, Any]:
    told = say("{low} to {high}", low=f"{low:g}", high=f"{high:g}")
    return {told: lambda value: value is None or low <= value <= high}


def _plain(value: float | None) -> float | int | None:
    """Browsers give 3.0 where 3 was written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def lines(text: str | None) -> list[str]:
    """What stands in a box for several lines, without the empty ones."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
