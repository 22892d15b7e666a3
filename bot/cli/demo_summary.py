"""What the demo tells at its end: answers before and after beside each other, and what was learned from how much.

Owns the figures and the form of that. Knows neither community nor novel.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.cells import set_cell_size

from bot.chat.verbs.training import AdapterReport
from bot.cli.common import out
from db.words import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """Losses are nats per token on held-out text."""

    persona: str
    adapter: int
    loss_base: float
    loss_adapter: float
    messages: int
    trained_now: bool
    seconds: float


def taught_by(persona: str, live: AdapterReport, trained_now: bool, began: float) -> dict[str, Any]:
    """The values of `Taught`; `began` is of the monotonic clock."""
    return {
        "persona": persona,
        "adapter": live.number,
        "loss_base": live.figures["base"]["loss"],
        "loss_adapter": live.figures["candidate"]["loss"],
        "messages": live.messages,
        "trained_now": trained_now,
        "seconds": round(time.monotonic() - began, 1),
    }


def print_beside(heading: str, before: Iterable[str], after: Iterable[str], lead: str = "") -> None:
    """Under `heading` each text in one line, `lead` standing before it."""
    out.print(f"\n{heading}", style="bold", markup=False)
    for when, texts in ((say("before"), before), (say("after"), after)):
        for text in texts:
            out.print(f"  {set_cell_size(when, 7)}", style="cyan", end="")
            out.print(lead + (" ".join(text.split()) or "…"), markup=False)


def print_losses(sentence: str, taught: Taught) -> None:
    """`sentence` is marked, and said here with the figures."""
    values = {"before": taught.loss_base, "after": taught.loss_adapter}
    out.print("\n" + say(sentence, **values, messages=taught.messages, seconds=taught.seconds))
