"""How a run went, in figures for the rows and in sentences an admin understands.

Owns the wording of failures. Knows no process and no database.
"""

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from db.recipe import RecipeRefused
from db.words import mark, say
from trainer.child import ChildFailed

_SENTENCES = {  # said when they are used
    "out_of_memory": mark(
        "There was not enough memory to train. Lower `batch` or `block` in the persona's "
        "recipe, choose a smaller base, or close other programs, and retrain."
    ),
    "killed": mark(
        "The training process was killed from outside, most often because the machine ran out of "
        "memory. Close other programs or choose a smaller base, and retrain."
    ),
    "crashed": mark(
        "The training process crashed, most often for want of memory. Lower `batch` or `block` in the "
        "persona's recipe, raise [trainer] memory_limit_mb if it is set, and retrain."
    ),
    "disk_full": mark("The disk is full. Free some space where [storage] folder lies, and retrain."),
    "diverged": mark(
        "The training broke down: the loss was no longer a number. Lower `learning_rate` in the "
        "persona's recipe, and retrain."
    ),
    "cancelled": mark("Cancelled."),
}


def sentence(error: Exception) -> str:
    """What happened and what to do about it."""
    if isinstance(error, ChildFailed):
        known = _SENTENCES.get(error.code)
        return say(known) if known else error.detail or _without_a_word()
    if isinstance(error, RecipeRefused):
        return str(error)
    if disk_is_full(error):
        return say(_SENTENCES["disk_full"])
    if isinstance(error, MemoryError):
        return say(_SENTENCES["out_of_memory"])
    return say("Something unforeseen happened ({kind}); see the trainer's log.", kind=type(error).__name__)


def _without_a_word() -> str:
    return say("The training process failed without saying why; see the trainer's log.")


def disk_is_full(error: Exception) -> bool:
    by_number = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return by_number or "disk is full" in str(error)  # SQLite's words


@dataclass
class Figures:
    """What the child reported, gathered for the adapter's row; `answers` are by prompt."""

    prompts: Sequence[str] = ()
    sha256: str = ""
    evaluated: dict[str, dict[str, float]] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0
    peak_memory_mb: float = 0

    def take(self, event: dict[str, Any]) -> None:
        facts = {key: value for key, value in event.items() if key not in ("event", "who")}
        match event["event"]:
            case "plan":
                self.plan = facts
            case "evaluated":
                self.evaluated[event["who"]] = facts
            case "answers":
                self.answers[event["who"]] = dict(zip(self.prompts, event["answers"], strict=True))
            case "done":
                self.sha256 = event["sha256"]
                self.seconds = event["seconds"]
                self.peak_memory_mb = event["peak_memory_mb"]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.evaluated,
            "answers": self.answers,
            "plan": self.plan,
            "seconds": self.seconds,
            "peak_memory_mb": self.peak_memory_mb,
        }
