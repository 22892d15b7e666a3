"""Cards as Discord's components.

Owns how a card looks in Discord, within Discord's limits: what is longer is cut, and says so. Texts stay the Markdown
they are, each with its buttons under it or beside it. What is drawn calls nobody, and is no object that waits for
presses: those come as events, whoever drew the button.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord
import structlog

from bot.chat.cards import Button, Card, Choice, Facts, Heading, Line, Menu, Note, Part, Row, Style, Text
from bot.chat.markdown import short
from bot.chat.replying import posts
from bot.chat.replying.outgoing import quiet
from bot.platforms.discord import custom_ids
from bot.platforms.discord.custom_ids import Pressed, custom_id
from bot.platforms.discord.kept import SURE
from bot.platforms.discord.naming import worded
from db.words import say

COMPONENTS, TEXT = 40, 4000  # of a message in all, those within others counted too
LABEL, PLACEHOLDER, CHOICE = 80, 150, 100
ROW, CHOICES = 5, 25
HEADING = 200
EMPTY = "–"  # stands where Discord takes nothing empty
CHOSEN = "=chosen"  # a menu whose choices are buttons' custom ids

log = structlog.get_logger()

_STYLES = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "danger": discord.ButtonStyle.danger,
}


@dataclass(frozen=True, slots=True)
class _Press:
    """A button with all that Discord keeps of it."""

    label: str
    custom: str
    style: Style


@dataclass(slots=True)
class _Said:
    text: str
    beside: _Press | None = None  # its one button

    @property
    def size(self) -> int:
        return 3 if self.beside else 1


@dataclass(slots=True)
class _Buttons:
    """`folded`: as a menu, which takes less room."""

    presses: list[_Press]
    folded: bool = False

    @property
    def size(self) -> int:
        if self.folded:
            return 2 * -(-len(self.presses) // CHOICES)
        return len(self.presses) + -(-len(self.presses) // ROW)


@dataclass(slots=True)
class _Select:
    custom: str
    placeholder: str
    options: list[discord.SelectOption]
    size: int = 2


@dataclass(slots=True)
class _Rule:
    size: int = 1


_Piece = _Said | _Buttons | _Select | _Rule


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
    cut = _fit(pieces)
    cut |= _shorten([one for one in pieces if isinstance(one, _Said)])
    if cut:
        pieces.append(_Said(_small(_rest())))
    items = [item for number, piece in enumerate(pieces) for item in _items(piece, number)] or [
        discord.ui.TextDisplay[Any](EMPTY)
    ]
    view = discord.ui.LayoutView(timeout=None)
    if len(items) == 1 and len(pieces) <= 1:
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
    said = [one for one in _pieces(parts, _Names(None)) if isinstance(one, _Said)]
    return _begun("\n\n".join(one.text for one in said), longest)


# --- Parts.


def _pieces(parts: Sequence[Part], names: _Names) -> Iterator[_Piece]:
    """The parts with texts that follow each other as one, and a text with one button beside it."""
    said: list[str] = []
    last: Part | None = None

    def whole() -> Iterator[_Said]:
        if said:
            yield _Said("".join(said).lstrip("\n"))
            said.clear()

    for part in parts:
        if not isinstance(part, Row):
            if isinstance(part, Line):
                yield from whole()
                yield _Rule()
            elif text := _text(part):
                said.append("\n" + text.lstrip("\n") if isinstance(last, Heading) else text)
            last = part
            continue
        found = list(_actions(part, names))
        match found:
            case [_Buttons([one])] if said and isinstance(last, Text):
                beside = said.pop().lstrip("\n")
                yield from whole()
                yield _Said(beside, one)
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
    between = "\n" if "\n" in value else " "
    return f"**{label(name)}**{between}{value}"


def _actions(row: Row, names: _Names) -> Iterator[_Buttons | _Select]:
    buttons = [one for action in row.actions if isinstance(action, Button) and (one := _press(action, names))]
    if buttons:
        yield _Buttons(buttons)
    for action in row.actions:
        if isinstance(action, Menu) and (found := _select(action, names)):
            yield found


def _press(button: Button, names: _Names) -> _Press | None:
    """None where Discord could not carry what it stands for: a shortened value would do something else."""
    custom = names.of(button.press, button.value, asks=bool(button.sure))
    if len(custom) > custom_ids.LONGEST:
        log.warning("a button's value is too long for Discord", press=button.press)
        return None
    if button.sure:
        SURE[custom] = button.sure
    return _Press(label(button.label), custom, button.style)


def _select(menu: Menu, names: _Names) -> _Select | None:
    chosen = None if menu.chosen is None else menu.chosen or EMPTY
    found = [
        discord.SelectOption(label=one.label, value=one.value, default=one.value == chosen)
        for one in options(menu.choices)
    ]
    return _Select(names.of(menu.press), label(menu.label, PLACEHOLDER), found) if found else None


# --- The limits of the whole.


def _fit(pieces: list[_Piece]) -> bool:
    """Make them few enough; whether some had to go. Buttons are folded before anything goes."""
    room = COMPONENTS - 2  # the container, and the line that says that the rest is cut
    rows = [one for one in pieces if isinstance(one, _Buttons) and len(one.presses) > 1]
    while rows and _size(pieces) > room:
        rows.pop().folded = True
    cut = _size(pieces) > room
    while _size(pieces) > room:
        pieces.pop()
    return cut


def _size(pieces: Sequence[_Piece]) -> int:
    return sum(one.size for one in pieces)


def _shorten(said: Sequence[_Said]) -> bool:
    """Cut the longest texts until all fit; whether any was cut."""
    room = TEXT - len(_small(_rest()))
    lengths = sorted(len(one.text) for one in said)
    if sum(lengths) <= room:
        return False
    most = 0
    for number, length in enumerate(lengths):
        most = (room - sum(lengths[:number])) // (len(lengths) - number)
        if length > most:
            break
    for one in said:
        one.text = _begun(one.text, most)
    return True


def _begun(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    pieces = posts.split(text, longest - 2) if longest - 2 >= posts.SMALLEST_LIMIT else []
    return f"{pieces[0]}\n…" if pieces else "…"


def _rest() -> str:
    return say("… the rest is cut.")


# --- Discord's own.


def _items(piece: _Piece, number: int) -> Iterator[discord.ui.Item[Any]]:
    match piece:
        case _Said(text, None):
            yield discord.ui.TextDisplay(text)
        case _Said(text, _Press() as one):
            yield discord.ui.Section(discord.ui.TextDisplay(text), accessory=_button(one))
        case _Buttons(presses, True):
            for at in range(0, len(presses), CHOICES):
                yield _folded(presses[at : at + CHOICES], number * 100 + at)
        case _Buttons(presses):
            for at in range(0, len(presses), ROW):
                yield discord.ui.ActionRow(*(_button(one) for one in presses[at : at + ROW]))
        case _Select():
            select = discord.ui.Select[Any](
                custom_id=piece.custom, placeholder=piece.placeholder, options=piece.options
            )
            yield discord.ui.ActionRow(select)
        case _Rule():
            yield discord.ui.Separator()


def _button(one: _Press, row: int | None = None) -> discord.ui.Button[Any]:
    return discord.ui.Button(style=_STYLES[one.style], label=one.label, custom_id=one.custom, row=row)


def _folded(presses: Sequence[_Press], number: int) -> discord.ui.ActionRow[Any]:
    choices = [discord.SelectOption(label=one.label, value=one.custom) for one in presses]
    name = custom_id(Pressed(CHOSEN), number + 2)
    return discord.ui.ActionRow(discord.ui.Select[Any](custom_id=name, placeholder=say("What to do?"), options=choices))
