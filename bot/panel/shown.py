"""How the pages show times, losses and states: the words and marks they share.

Owns their form; the words of rows are worded in db.coded. Knows no page and no row.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from db import coded
from db.words import say

ENDED = ("succeeded", "failed", "cancelled", "skipped")
_COLOURS = {
    "running": "primary",
    "succeeded": "positive",
    "failed": "negative",
    "live": "positive",
    "candidate": "primary",
    "tainted": "negative",
}


def address(path: str, **asked: Any) -> str:
    """A page with what stands behind its question mark."""
    return f"{path}?{urlencode(asked)}"


def when(at: datetime) -> str:
    """A moment by this machine's clock."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def clock(seconds: float) -> str:
    """As 1:05 or 2:03:04."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def loss(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def state_word(state: str) -> str:
    """The state of a run or an adapter in the visitor's language."""
    if state == "live":
        return say("live")
    return coded.shown("run status" if state in coded.CODED["run status"] else "adapter state", state)


def speaker_word(number: int | None) -> str:
    """Who speaks for a persona."""
    return say("adapter {number}", number=number) if number else say("the bare base")


def colour(state: str) -> str:
    return _COLOURS.get(state, "grey-7")


def badge(state: str) -> ui.badge:
    return ui.badge(state_word(state), color=colour(state)).props("outline").classes("px-2 py-1")


def way(text: str, target: str) -> ui.link:
    """A link to another page of ours."""
    return ui.link(text, target).classes("text-primary")


def facts(pairs: list[tuple[str, str]]) -> None:
    """What is known of a thing, in two columns; what is empty is left out."""
    with ui.element("dl").classes("grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1 m-0 w-full"):
        for name, value in pairs:
            if value:
                with ui.element("dt").classes("text-gray-600"):
                    ui.label(name).classes("said")
                with ui.element("dd").classes("m-0 min-w-0"):
                    ui.label(value).classes("said")
