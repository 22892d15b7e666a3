"""Cards as Discord's components.

Owns how a card looks in Discord; what does not fit into a message is cut, and says so. Texts stay the Markdown
they are, each with its buttons under it or beside it. What is drawn calls nobody, and is no object that waits for
presses: those come as events, whoever drew the button.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
import structlog

from bot.chat.cards import Button, Card, Choice, Facts, Heading, Line, Menu, Note, Part, Row, Text
from bot.chat.markdown import short
from bot.chat.replying.outgoing import quiet
from bot.platforms.discord import custom_ids
from bot.platforms.discord.custom_ids import Pressed, custom_id
from bot.platforms.discord.kept import SURE
from bot.platforms.discord.naming import unclicked, worded
from bot.platforms.discord.pieces import (
    CHOICES,
    ROW,
    TEXT,
    Buttons,
    Piece,
    Press,
    Rule,
    Said,
    Select,
    begun,
    fit,
    shorten,
)
from db.words import language, say

LABEL, PLACEHOLDER, CHOICE = 80, 150, 100
HEADING = 200
EMPTY = "–"  # stands where Discord takes nothing empty
CHOSEN = "=chosen"  # a menu whose choices are buttons' custom ids

log = structlog.get_logger()

_STYLES = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "danger": discord.ButtonStyle.danger,
}


@dataclass(slots=True)
class _Names:
    """The custom ids of one message: no two alike."""

    workspace: str | None
    taken: dict[str, int] = field(default_factory=dict[str, int])

    def of(self, press: str, value: str = "", *, asks: bool = False) -> str:
        named = Pressed(press, value, self.workspace, asks)
        first = custom_id(named)
        self.taken[first] = self.taken.get(first, 0) + 1
        return custom_id(named, self.taken[first])


def drawn(card: Card, workspace: str | None = None) -> dict[str, Any]:
    """A card as what sending and editing messages take.

    `workspace` is given where the card goes into direct messages, of which Discord does not say whose they are.
    """
    pieces = list(_pieces(card.parts, _Names(workspace)))
    rest = _small(say("… the rest is cut."))
    cut = fit(pieces)
    cut |= shorten([one for one in pieces if isinstance(one, Said)], TEXT - len(rest))
    if cut:
        pieces.append(Said(rest))
    items = [item for number, piece in enumerate(pieces) for item in _items(piece, number)] or [
        discord.ui.TextDisplay[Any](EMPTY)
    ]
    view = discord.ui.LayoutView(timeout=None)
    if len(items) == 1 and len(card.parts) <= 1:
        view.add_item(items[0])
    else:
        view.add_item(discord.ui.Container[Any](*items))
    view.stop()  # the library need not remember it
    return {"view": view}


def view_of(actions: Sequence[Button], workspace: str | None = None) -> discord.ui.View:
    """Buttons under a message of text."""
    view = discord.ui.View(timeout=None)
    names = _Names(workspace)
    found = [one for action in actions if (one := _press(action, names))]
    for number, one in enumerate(found[: ROW * ROW]):
        view.add_item(_button(one, number // ROW))
    view.stop()
    return view


def label(text: str, longest: int = LABEL) -> str:
    """Text for where there is no Markdown."""
    return short(quiet(" ".join(text.split())), longest) or EMPTY


def options(choices: Sequence[Choice]) -> list[Choice]:
    """As many as Discord takes, each once; a value that it would refuse cannot be chosen."""
    if len(choices) > CHOICES:
        log.warning("a menu was cut", choices=len(choices))
    fit = {one.value or EMPTY: one for one in choices if len(one.value) <= CHOICE}
    return [Choice(label(one.label, CHOICE), value) for value, one in fit.items()][:CHOICES]


def value_of(value: str) -> str:
    """The choice's value, as it was before Discord had it."""
    return "" if value == EMPTY else value


def text_of(parts: Sequence[Part], longest: int = TEXT) -> str:
    """What parts say, where they can only be read."""
    said = [one for one in _pieces(parts, _Names(None)) if isinstance(one, Said)]
    return begun(unclicked("\n\n".join(one.text for one in said)), longest)


# --- Parts.


def _pieces(parts: Sequence[Part], names: _Names) -> Iterator[Piece]:
    """The parts with texts that follow each other as one, and a text with one button beside it."""
    said: list[str] = []
    last: Part | None = None

    def whole() -> Iterator[Said]:
        if said:
            yield Said("".join(said).lstrip("\n"))
            said.clear()

    for part in parts:
        if not isinstance(part, Row):
            if isinstance(part, Line):
                yield from whole()
                yield Rule()
            elif text := _text(part):
                said.append("\n" + text.lstrip("\n") if isinstance(last, Heading) else text)
            last = part
            continue
        found = list(_actions(part, names))
        match found:
            case [Buttons([one])] if said and isinstance(last, Text):
                beside = said.pop().lstrip("\n")
                yield from whole()
                yield Said(beside, one)
            case _:
                yield from whole()
                yield from found
        last = part
    yield from whole()


def _text(part: Part) -> str:
    """With the space that parts it from what is above; "" where there is nothing to read."""
    match part:
        case Heading(text):
            told = " ".join(quiet(text).split())
            return f"\n\n### {short(told, HEADING)}" if told else ""
        case Text(text):
            told = worded(quiet(text)).strip()
            return f"\n\n{told}" if told else ""
        case Note(text):
            told = worded(quiet(text)).strip()
            return f"\n{_small(told)}" if told else ""
        case Facts(facts):
            return "\n\n" + "\n".join(_fact(name, value) for name, value in facts) if facts else ""
        case _:
            return ""


def _small(text: str) -> str:
    return "\n".join(f"-# {line}" for line in text.splitlines() if line.strip())


def _fact(name: str, value: str) -> str:
    value = worded(quiet(value)).strip() or EMPTY
    between = "\n" if "\n" in value else " · "
    return f"**{label(name)}**{between}{value}"


def _actions(row: Row, names: _Names) -> Iterator[Buttons | Select]:
    buttons = [one for action in row.actions if isinstance(action, Button) and (one := _press(action, names))]
    if buttons:
        yield Buttons(buttons)
    for action in row.actions:
        if isinstance(action, Menu) and (found := _select(action, names)):
            yield found


def _press(button: Button, names: _Names) -> Press | None:
    """None where Discord could not carry what it stands for: a shortened value would do something else."""
    custom = names.of(button.press, button.value, asks=bool(button.sure))
    if len(custom) > custom_ids.LONGEST:
        log.warning("a button's value is too long for Discord", press=button.press)
        return None
    if button.sure:
        SURE[language(), custom] = button.sure
    return Press(label(button.label), custom, button.style)


def _select(menu: Menu, names: _Names) -> Select | None:
    chosen = None if menu.chosen is None else menu.chosen or EMPTY
    found = options(menu.choices)
    return Select(names.of(menu.press), label(menu.label, PLACEHOLDER), found, chosen) if found else None


# --- Discord's own.


def _items(piece: Piece, number: int) -> Iterator[discord.ui.Item[Any]]:
    match piece:
        case Said(text, None):
            yield discord.ui.TextDisplay(text)
        case Said(text, Press() as one):
            yield discord.ui.Section(discord.ui.TextDisplay(text), accessory=_button(one))
        case Buttons(presses, True):
            for at in range(0, len(presses), CHOICES):
                yield _folded(presses[at : at + CHOICES], number * 100 + at)
        case Buttons(presses):
            for at in range(0, len(presses), ROW):
                yield discord.ui.ActionRow(*(_button(one) for one in presses[at : at + ROW]))
        case Select(custom, placeholder, choices, chosen):
            yield _menu(custom, placeholder, choices, chosen)
        case Rule():
            yield discord.ui.Separator()


def _button(one: Press, row: int | None = None) -> discord.ui.Button[Any]:
    return discord.ui.Button(style=_STYLES[one.style], label=one.label, custom_id=one.custom, row=row)


def _folded(presses: Sequence[Press], number: int) -> discord.ui.ActionRow[Any]:
    choices = [Choice(one.label, one.custom) for one in presses]
    return _menu(custom_id(Pressed(CHOSEN), number + 2), say("What to do?"), choices)


def _menu(
    custom: str, placeholder: str, choices: Sequence[Choice], chosen: str | None = None
) -> discord.ui.ActionRow[Any]:
    found = [discord.SelectOption(label=one.label, value=one.value, default=one.value == chosen) for one in choices]
    return discord.ui.ActionRow(discord.ui.Select[Any](custom_id=custom, placeholder=placeholder, options=found))
