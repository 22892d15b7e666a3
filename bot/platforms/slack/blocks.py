"""Cards as Slack's blocks.

Owns how a card looks in Slack, within Slack's limits: what is longer is cut, and says so. A message reads Markdown
itself; views (dialogs, the home tab) do not, and get it translated. What is drawn calls nobody.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import structlog

from bot.chat.cards import Button, Card, Choice, Facts, Heading, Line, Menu, Note, Part, Row, Text
from bot.chat.markdown import short, unmarked
from bot.chat.replying import posts
from bot.chat.replying.outgoing import quiet
from bot.platforms.slack.mrkdwn import escaped, measure, mrkdwn
from db.words import say

Block = dict[str, Any]
Surface = Literal["message", "view"]

BLOCKS: Mapping[Surface, int] = {"message": 50, "view": 100}
MESSAGE_TEXT, MARKDOWN_TEXT = 12_900, 11_900  # of a message in all, and of its Markdown; 13,000 and 12,000 are refused
HEADING, LABEL, PLACEHOLDER, VALUE, CHOICE_VALUE = 150, 75, 150, 2000, 150
SECTION, FIELD, FIELDS = 3000, 2000, 10
ROW, CHOICES = 25, 100
SURE_TITLE, SURE_TEXT, SURE_BUTTON = 100, 300, 30
FALLBACK = 300
EMPTY = "–"  # stands where Slack takes no empty text
THUMB = "thumb"
AGAIN = "~"  # two buttons of a block may not have one name: the second is called "press~2"

log = structlog.get_logger()


def blocks(card: Card) -> list[Block]:
    """A card as a message."""
    return drawn(card.parts, "message")


def drawn(parts: Sequence[Part], surface: Surface, most: int | None = None) -> list[Block]:
    """Parts as the blocks of a message or a view, at most `most` of them."""
    found = [block for part in parts for block in _drawn(part, surface)]
    return _fitted(found, most or BLOCKS[surface], MESSAGE_TEXT if surface == "message" else None)


def fallback(card: Card) -> str:
    """The card in a line, for notifications and readers of screens."""
    for part in card.parts:
        if isinstance(part, Heading | Text | Note) and (text := " ".join(unmarked(part.text).split())):
            return escaped(quiet(short(text, FALLBACK)))
    return "Yamabiko"


def actions_block(actions: Sequence[Button | Menu], surface: Surface = "message") -> list[Block]:
    """Buttons and menus in a line; two thumbs are Slack's own feedback buttons, in a line above."""
    thumbs = [one for one in actions if isinstance(one, Button) and one.press == THUMB and _fits(one)]
    as_feedback = surface == "message" and len(thumbs) == 2
    rest = [one for one in actions if not (as_feedback and one in thumbs)]
    elements = [element for one in rest if (element := _element(one))]
    rows = [elements[at : at + ROW] for at in range(0, len(elements), ROW)]
    named = [{"type": "actions", "elements": _told_apart(row)} for row in rows]
    return [_feedback(thumbs), *named] if as_feedback else named


def press_of(action_id: str) -> str:
    """What the button or menu of this name does."""
    return action_id.partition(AGAIN)[0]


def plain_text(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": short(quiet(text).strip() or EMPTY, longest)}


def option(choice: Choice) -> dict[str, Any]:
    return {"text": plain_text(choice.label, LABEL), "value": choice.value or EMPTY}


def options(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """As many as Slack takes; a value that it would refuse cannot be chosen."""
    if len(choices) > CHOICES:
        log.warning("a menu was cut", choices=len(choices))
    return [option(one) for one in choices if len(one.value) <= CHOICE_VALUE][:CHOICES]


def value_of(value: str) -> str:
    """The choice's value, as it was before Slack had it."""
    return "" if value == EMPTY else value


# --- Parts.


def _drawn(part: Part, surface: Surface) -> list[Block]:
    match part:
        case Heading(text):
            return [{"type": "header", "text": plain_text(unmarked(text), HEADING)}] if text.strip() else []
        case Text(text):
            return list(_text(quiet(text), surface))
        case Note(text):
            return [{"type": "context", "elements": [one]} for one in _mrkdwn(text, SECTION)[:1]]
        case Facts(facts):
            return list(_facts(facts))
        case Row(actions):
            return actions_block(actions, surface)
        case Line():
            return [{"type": "divider"}]


def _text(text: str, surface: Surface) -> Iterator[Block]:
    if surface == "view":
        yield from ({"type": "section", "text": one} for one in _mrkdwn(short(text, MARKDOWN_TEXT), SECTION))
    elif text.strip():
        yield {"type": "markdown", "text": _lines_kept(text)}


def _mrkdwn(text: str, longest: int) -> list[dict[str, Any]]:
    pieces = posts.split(quiet(short(text, MARKDOWN_TEXT)), longest, measure)
    return [{"type": "mrkdwn", "text": one} for piece in pieces if (one := mrkdwn(piece)).strip()]


def _facts(facts: Sequence[tuple[str, str]]) -> Iterator[Block]:
    fields = [_fact(name, value) for name, value in facts]
    for at in range(0, len(fields), FIELDS):
        yield {"type": "section", "fields": fields[at : at + FIELDS]}


def _fact(name: str, value: str) -> dict[str, Any]:
    label = mrkdwn(f"**{short(' '.join(unmarked(quiet(name)).split()), LABEL) or EMPTY}**")
    split = posts.split(quiet(short(value, FIELD)), FIELD - len(label) - 2, measure) or [EMPTY]
    more = "…" if len(split) > 1 else ""
    return {"type": "mrkdwn", "text": f"{label}\n{mrkdwn(split[0])}{more}"}


_ITEM = re.compile(r"^([ \t]*)•[ \t]+", re.MULTILINE)
_LISTED = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+\S")
_SELF_STANDING = re.compile(r"[ \t]*(?:[-*+][ \t]|\d+[.)][ \t]|[>|#]|```|$)")


def _lines_kept(text: str) -> str:
    """Markdown joins lines unless they end in two spaces, and items with what follows them unless a line is empty;
    who writes cards means each line to stand for itself.
    """
    lines = _ITEM.sub(r"\1- ", text).split("\n")
    kept: list[str] = []
    coded = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        coded ^= line.lstrip().startswith("```")
        alone = coded or not line.strip() or _SELF_STANDING.match(following) or line.lstrip()[:1] in ("#", "|", "`")
        if alone:
            kept.append(line)
        elif _LISTED.match(line) and not following.startswith((" ", "\t")):
            kept += line, ""
        else:
            kept.append(f"{line.rstrip()}  ")
    return "\n".join(kept)


# --- Buttons and menus.


def _fits(button: Button) -> bool:
    return len(button.value) <= VALUE


def _element(action: Button | Menu) -> dict[str, Any] | None:
    """None where Slack could not carry what it stands for: a shortened value would do something else."""
    if isinstance(action, Menu):
        return _menu(action)
    if not _fits(action):
        log.warning("a button's value is too long for Slack", press=action.press)
        return None
    element = {"type": "button", "action_id": action.press, "text": plain_text(action.label, LABEL)}
    if action.value:
        element["value"] = action.value
    if action.style != "plain":
        element["style"] = action.style
    if action.sure:
        element["confirm"] = _sure(action)
    return element


def _menu(menu: Menu) -> dict[str, Any] | None:
    found = options(menu.choices)
    if not found:
        return None
    element = {"type": "static_select", "action_id": menu.press, "placeholder": plain_text(menu.label, PLACEHOLDER)}
    element["options"] = found
    chosen = [one for one in found if menu.chosen is not None and one["value"] == (menu.chosen or EMPTY)]
    return element | ({"initial_option": chosen[0]} if chosen else {})


def _sure(button: Button) -> dict[str, Any]:
    return {
        "title": plain_text(say("Are you sure?"), SURE_TITLE),
        "text": plain_text(unmarked(button.sure), SURE_TEXT),
        "confirm": plain_text(button.label, SURE_BUTTON),
        "deny": plain_text(say("No"), SURE_BUTTON),
        **({"style": button.style} if button.style != "plain" else {}),
    }


def _told_apart(elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}
    for element in elements:
        press = element["action_id"]
        seen[press] = seen.get(press, 0) + 1
        if seen[press] > 1:
            element["action_id"] = f"{press}{AGAIN}{seen[press]}"
    return elements


def _feedback(thumbs: Sequence[Button]) -> Block:
    up, down = sorted(thumbs, key=lambda one: one.value.endswith("-1"))
    buttons = {"positive_button": up, "negative_button": down}
    shown = {key: {"text": plain_text(one.label, LABEL), "value": one.value or EMPTY} for key, one in buttons.items()}
    element = {"type": "feedback_buttons", "action_id": THUMB, **shown}
    return {"type": "context_actions", "elements": [element]}


# --- Limits of the whole.


def _fitted(found: list[Block], most: int, room: int | None) -> list[Block]:
    """The blocks that Slack takes, with a note where some were left out. Buttons stay before long texts do."""
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": escaped(say("… the rest is cut."))}]}
    kept = found if len(found) <= most else found[: most - 1]
    cut = len(kept) < len(found)
    if room is not None:
        kept, shortened = _within(kept, room - _size(note))
        cut |= shortened
    return [*kept[: most - 1], note] if cut else kept


def _within(found: list[Block], room: int) -> tuple[list[Block], bool]:
    fixed = room - sum(_size(block) for block in found if block["type"] != "markdown")
    for_text = min(MARKDOWN_TEXT, max(fixed, room // 2))
    kept: list[Block] = []
    cut = False
    for block in found:
        if block["type"] == "markdown":
            cut |= len(block["text"]) > for_text
            block = _begun(block, for_text)
            for_text -= len(block["text"]) if block else 0
        if block and _size(block) <= room:
            kept.append(block)
            room -= _size(block)
        else:
            cut = True
    return kept, cut


def _begun(block: Block, room: int) -> Block | None:
    if len(block["text"]) <= room:
        return block
    pieces = posts.split(block["text"], room - 2) if room > posts.SMALLEST_LIMIT + 2 else []
    return block | {"text": f"{pieces[0]}\n…"} if pieces else None


def _size(value: object) -> int:
    """All that can be read in a block."""
    if isinstance(value, list):
        return sum(_size(one) for one in value)
    if not isinstance(value, dict):
        return 0
    return sum(len(one) if isinstance(one, str) and key == "text" else _size(one) for key, one in value.items())
