"""Figures as cards write them: progress, losses, times. Pure."""

from datetime import datetime

from bot.chat.replying.characters import clusters
from bot.chat.verbs.training import RunReport
from db.coded import shown
from db.words import say

_BAR = 10  # characters
_LINE = 300  # characters of a message that a card quotes


def bar(step: int, steps: int) -> str:
    """How far something is."""
    done = min(_BAR, _BAR * step // steps) if steps else 0
    return "▓" * done + "░" * (_BAR - done)


def time_left(seconds: float) -> str:
    if seconds < 60:
        return say("{seconds:.0f} s left", seconds=seconds)
    return say("{minutes:.0f} min left", minutes=seconds / 60)


def progress(run: RunReport) -> str:
    """What a run that has not ended is doing."""
    if run.stopping:
        return say("asked to stop")
    told = [shown("phase", run.phase)] if run.phase else []
    if run.steps:
        told = [f"{bar(run.step, run.steps)} {run.step}/{run.steps}"]
    if run.loss is not None:
        told.append(say("loss {loss:.2f}", loss=run.loss))
    if run.seconds_left is not None:
        told.append(time_left(run.seconds_left))
    return " · ".join(told)


def change(base: float | None, candidate: float | None) -> str:
    """The held-out loss of the bare base and of an adapter, in nats per token; lower is better."""
    if base is None or candidate is None:
        return say("no figures")
    return say("held-out loss {base:.2f} → {candidate:.2f}", base=base, candidate=candidate)


def adapter(number: int | None) -> str:
    return say("adapter {number}", number=number) if number else say("the bare base")


def day(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d")


def quoted(text: str, longest: int = _LINE) -> str:
    """Somebody's words, as Markdown quotes them, cut between characters."""
    kept = ""
    for cluster in clusters(text):
        if len(kept) + len(cluster) > longest:
            kept = f"{kept.rstrip()} …"
            break
        kept += cluster
    return "\n".join(f"> {line}" for line in kept.splitlines() or [""])
