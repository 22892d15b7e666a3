"""What people are shown in chat beside replies, in a form that every network can draw: cards and forms.

Owns the vocabulary. Knows no network and no command. Texts are Markdown as the CommonMark family writes it; whoever
draws a card turns it into the network's own, and breaks what would ping anybody.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Literal

Style = Literal["plain", "primary", "danger"]


@dataclass(frozen=True, slots=True)
class Button:
    """`press` names what the desk does, `value` whom with; `sure` is asked before, where the network can ask."""

    label: str
    press: str
    value: str = ""
    style: Style = "plain"
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Menu:
    """One of several; `press` is done as soon as it is chosen, with the choice's value."""

    label: str
    press: str
    choices: Sequence[Choice]
    chosen: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """In small print."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, side by side."""

    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """Buttons and menus in a line, of what stands above it."""

    actions: Sequence[Button | Menu]


@dataclass(frozen=True, slots=True)
class Line:
    """Parts a card from what follows."""


Part = Heading | Text | Note | Facts | Row | Line


@dataclass(frozen=True, slots=True)
class Card:
    """`private`: for the one who asked alone."""

    parts: Sequence[Part]
    private: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a form asks for. `kind`: a line, a long text, one of `choices`, or any number of them.

    A field of any number of choices gives their values one a line. `value` is what stands there at first. Networks
    whose dialogs are small show first what is not `seldom` filled in.
    """

    name: str
    label: str
    kind: Literal["line", "text", "one", "many"] = "line"
    value: str = ""
    choices: Sequence[Choice] = ()
    hint: str = ""
    required: bool = False
    longest: int = 3000
    seldom: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A dialog. `submit` names what the desk does with it, `value` whom with, `does` stands on its button."""

    title: str
    submit: str
    does: str
    fields: Sequence[Field]
    value: str = ""
    intro: Sequence[Part] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Question:
    """Someone asks a persona, in a channel, so that everyone sees it: the network posts it and mentions the bot.

    `thread` is the message it is about.
    """

    text: str
    persona: str | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Growing:
    """A card that takes a while: each of `cards` stands in the place of the one before, the last one stays.

    The first comes at once. They speak the asker's language and tell what went wrong themselves: none is raised.
    A network shows as many of those between as its limits allow; whoever stops early closes the iterator.
    """

    cards: AsyncGenerator[Card]


Answer = Card | Form | Question | Growing


def told(sentence: str, *, private: bool = True) -> Card:
    """A card of one sentence."""
    return Card([Text(sentence)], private)
