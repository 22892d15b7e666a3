"""Forms as Slack's dialogs, and what was filled in.

Owns how a dialog looks, what it remembers of where it was opened, and how it is given back to be mended.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.chat.cards import Card, Field, Form, Heading
from bot.chat.commands.asked import FormRefused
from bot.chat.markdown import unmarked
from bot.platforms.slack.blocks import (
    BLOCKS,
    EMPTY,
    Block,
    drawn,
    options,
    plain_text,
    value_of,
)
from bot.platforms.slack.mrkdwn import by_hand
from db.words import say, say_as

TITLE, BUTTON, TEXT_INPUT, HINT, METADATA, CALLBACK, ERROR = 24, 24, 3000, 300, 3000, 255, 300
CHECKBOXES = 10  # more are chosen from a menu
VALUE = "value"  # what the one element of a field's block is called
CARD = "card"  # the name of a dialog that only shows something

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a dialog was opened: what belongs to it is shown there. No channel: on the bot's own page."""

    channel: str = ""
    channel_name: str = ""
    thread: str | None = None
    value: str = ""  # the form's own


def modal(form: Form, opened: Opened) -> View:
    """The dialog of a form."""
    fields = [block for field in form.fields if (block := _block(field))]
    intro = drawn(form.intro, "view", BLOCKS["view"] - len(fields)) if form.intro else []
    return {
        "type": "modal",
        "callback_id": form.submit[:CALLBACK],
        "title": plain_text(unmarked(form.title), TITLE),
        "submit": plain_text(form.does, BUTTON),
        "close": plain_text(say_as("dialog", "Cancel"), BUTTON),
        "private_metadata": _remembered(opened, form.value),
        "blocks": [*intro, *fields],
    }


def showing(card: Card, opened: Opened, title: str = "") -> View:
    """A dialog that shows a card; its heading, if it begins with one, is the title."""
    parts = list(card.parts)
    match parts:
        case [Heading(text), *rest] if len(unmarked(text)) <= TITLE:
            title, parts = unmarked(text), rest
        case _:
            pass
    return {
        "type": "modal",
        "callback_id": CARD,
        "title": plain_text(title or "Yamabiko", TITLE),
        "close": plain_text(say_as("dialog", "Close"), BUTTON),
        "private_metadata": _remembered(opened, opened.value),
        "blocks": drawn(parts, "view"),
    }


def waiting(title: str, opened: Opened) -> View:
    """What stands in a dialog while an answer takes its time."""
    text = {"type": "plain_text", "text": say("One moment …")}
    view = showing(Card([]), opened, title)
    return view | {"blocks": [{"type": "section", "text": text}]}


def opened_at(view: View) -> Opened:
    """What the dialog remembers; a dialog of another version remembers nothing."""
    try:
        kept = json.loads(view.get("private_metadata") or "{}")
        return Opened(**kept)
    except (ValueError, TypeError):
        return Opened()


def filled(view: View) -> Mapping[str, str]:
    """What was filled in, by field."""
    state = view.get("state", {}).get("values", {})
    return {name: _given(next(iter(elements.values()), {})) for name, elements in state.items()}


def errors(view: View, refusal: FormRefused) -> Mapping[str, str]:
    """What is wrong, at its field; at the first one where the form has no such field."""
    names = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    at = refusal.field if refusal.field in names else next(iter(names), "")
    return {at: str(refusal)[:ERROR] or EMPTY} if at else {}


def mended(view: View, refusal: FormRefused) -> View:
    """The same dialog once more, with what was filled in and what is wrong: for refusals that come late."""
    state = view.get("state", {}).get("values", {})
    blocks = [_kept(block, state) for block in view["blocks"]]
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    why = {"type": "section", "text": plain_text(f"⚠️ {refusal}", TEXT_INPUT)}
    return {key: view[key] for key in kept if view.get(key)} | {"blocks": [why, *blocks][: BLOCKS["view"]]}


def _remembered(opened: Opened, value: str) -> str:
    kept = {key: one for key, one in (asdict(opened) | {"value": value}).items() if one}
    whole = json.dumps(kept, ensure_ascii=False)
    if len(whole) > METADATA:
        kept.pop("channel_name", None)
        whole = json.dumps(kept, ensure_ascii=False)
    assert len(whole) <= METADATA, "a form's value is a name or a number"
    return whole


def _block(field: Field) -> Block | None:
    element = _element(field)
    if element is None:
        return None
    block: Block = {
        "type": "input",
        "block_id": field.name,
        "label": plain_text(unmarked(field.label), 2000),
        "element": element | {"action_id": VALUE},
        "optional": not field.required,
    }
    if field.hint:
        block["hint"] = plain_text(unmarked(field.hint), HINT)
    return block


def _element(field: Field) -> dict[str, Any] | None:
    match field.kind:
        case "line" | "text":
            return _input(field)
        case "one":
            return _one(field)
        case "many":
            return _many(field)


def _input(field: Field) -> dict[str, Any]:
    longest = max(1, min(field.longest, TEXT_INPUT))
    element = {"type": "plain_text_input", "multiline": field.kind == "text", "max_length": longest}
    return element | ({"initial_value": field.value[:longest]} if field.value else {})


def _one(field: Field) -> dict[str, Any] | None:
    found = options(field.choices)
    if not found:
        return None
    chosen = [one for one in found if one["value"] == (field.value or EMPTY)]
    return {"type": "static_select", "options": found} | ({"initial_option": chosen[0]} if chosen else {})


def _many(field: Field) -> dict[str, Any] | None:
    found = options(field.choices)
    if not found:
        return None
    wanted = field.value.split("\n") if field.value else []
    chosen = [one for one in found if value_of(one["value"]) in wanted]
    kind = "checkboxes" if len(found) <= CHECKBOXES else "multi_static_select"
    return {"type": kind, "options": found} | ({"initial_options": chosen} if chosen else {})


def _given(element: Mapping[str, Any]) -> str:
    if "selected_options" in element:
        chosen: Sequence[Mapping[str, Any]] = element["selected_options"] or ()
        return "\n".join(value_of(one["value"]) for one in chosen)
    if "selected_option" in element:
        return value_of((element["selected_option"] or {"value": ""})["value"])
    return by_hand(element.get("value") or "")


def _kept(block: Block, state: Mapping[str, Any]) -> Block:
    """An input with what was filled in as what stands there at first."""
    given = next(iter(state.get(block.get("block_id", ""), {}).values()), None)
    if block["type"] != "input" or given is None:
        return block
    element = {key: one for key, one in block["element"].items() if not key.startswith("initial_")}
    for held, first in (
        ("value", "initial_value"),
        ("selected_option", "initial_option"),
        ("selected_options", "initial_options"),
    ):
        if given.get(held):
            element[first] = given[held]
    return block | {"element": element}
