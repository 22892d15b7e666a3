"""Forms as Discord's dialogs, and what was filled in.

Owns how a dialog looks, which of many fields it shows first, and how it is opened again with what stood there.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import discord

from bot.chat.cards import Choice, Field, Form
from bot.platforms.discord import custom_ids
from bot.platforms.discord.custom_ids import Pressed, custom_id
from bot.platforms.discord.drawing import label, options, text_of, value_of
from bot.platforms.discord.kept import Remembered
from db.words import listed, mark, say

TITLE, LABEL, HINT, TEXT_INPUT, VALUE = 45, 45, 100, 4000, 4000
FIELDS = 5
CHOICES = 10  # to tick; more are chosen from a menu
MORE = "=more"  # the box that asks for the other fields
OPEN = "=form"  # presses: opens a dialog that is kept
PAGE = "=page"  # dialogs: what is filled in belongs to one that is kept

_MORE = mark("More settings")


@dataclass(frozen=True, slots=True)
class Opened:
    """A dialog with what was filled in so far. `page` is which of its fields are shown, from 0."""

    form: Form
    given: Mapping[str, str] = field(default_factory=dict[str, str])
    page: int = 0


# For a quarter of an hour, as long as Discord lets anything be answered. After a restart people begin anew.
KEPT: Remembered[str, Opened] = Remembered(500, 15 * 60.0)


def keep(opened: Opened) -> str:
    """A word by which it is found again."""
    token = secrets.token_urlsafe(9)
    KEPT[token] = opened
    return token


def pages(form: Form) -> list[list[Field]]:
    """All fields where they fit into one dialog; else those that are needed most, and the others after them."""
    every = list(form.fields)
    if len(every) <= FIELDS:
        return [every]
    every.sort(key=lambda one: (not one.required, one.seldom))
    found: list[list[Field]] = []
    while every:
        room = FIELDS if len(every) <= FIELDS and found else FIELDS - 1  # a box asks for the next page
        found.append(every[:room])
        every = every[room:]
    return found


def page_of(form: Form, name: str) -> int:
    return next((number for number, page in enumerate(pages(form)) if any(one.name == name for one in page)), 0)


def modal(opened: Opened, name: str) -> discord.ui.Modal:
    """The dialog of a form; `name` is its custom id."""
    form, every = opened.form, pages(opened.form)
    dialog = discord.ui.Modal(title=label(form.title, TITLE), custom_id=name, timeout=None)
    shown = [one for one in every[opened.page] if one.kind in ("line", "text") or options(one.choices)]
    more = opened.page + 1 < len(every)
    if len(shown) + more < FIELDS and opened.page == 0 and (intro := text_of(form.intro, VALUE)):
        dialog.add_item(discord.ui.TextDisplay(intro))
    for one in shown:
        dialog.add_item(_labelled(replace(one, value=opened.given.get(one.name, one.value))))
    if more:
        dialog.add_item(_more(every[opened.page + 1]))
    dialog.stop()  # the library need not remember it
    return dialog


def name_of(form: Form, workspace: str | None) -> str:
    """The custom id of a form that is opened for the first time; it says all that is needed."""
    name = custom_id(Pressed(form.submit, form.value, workspace))
    assert len(name) <= custom_ids.LONGEST, "a form's value is a name or a number"
    return name


def _labelled(one: Field) -> discord.ui.Label[Any]:
    hint = label(one.hint, HINT) if one.hint else None
    return discord.ui.Label(text=label(one.label, LABEL), description=hint, component=_component(one))


def _more(others: Sequence[Field]) -> discord.ui.Label[Any]:
    which = label(listed(one.label for one in others), HINT)
    return discord.ui.Label(
        text=label(say(_MORE), LABEL), description=which, component=discord.ui.Checkbox(custom_id=MORE)
    )


def _component(one: Field) -> discord.ui.Item[Any]:
    match one.kind:
        case "line" | "text":
            longest = max(1, min(one.longest, TEXT_INPUT))
            style = discord.TextStyle.paragraph if one.kind == "text" else discord.TextStyle.short
            return discord.ui.TextInput(
                style=style,
                custom_id=one.name,
                default=one.value[:longest] or None,
                required=one.required,
                max_length=longest,
            )
        case "one":
            return _one(one, options(one.choices))
        case "many":
            return _many(one, options(one.choices))


def _one(one: Field, choices: Sequence[Choice]) -> discord.ui.Item[Any]:
    if 2 <= len(choices) <= CHOICES:
        radios = [
            discord.RadioGroupOption(label=each.label, value=each.value, default=value_of(each.value) == one.value)
            for each in choices
        ]
        return discord.ui.RadioGroup(custom_id=one.name, required=one.required, options=radios)
    return _menu(one, choices, [one.value], 1)


def _many(one: Field, choices: Sequence[Choice]) -> discord.ui.Item[Any]:
    wanted = one.value.split("\n") if one.value else []
    if len(choices) > CHOICES:
        return _menu(one, choices, wanted, len(choices))
    boxes = [
        discord.CheckboxGroupOption(label=each.label, value=each.value, default=value_of(each.value) in wanted)
        for each in choices
    ]
    least = 1 if one.required else 0
    return discord.ui.CheckboxGroup(
        custom_id=one.name, required=one.required, min_values=least, max_values=len(boxes), options=boxes
    )


def _menu(one: Field, choices: Sequence[Choice], wanted: Sequence[str], most: int) -> discord.ui.Item[Any]:
    found = [
        discord.SelectOption(label=each.label, value=each.value, default=value_of(each.value) in wanted)
        for each in choices
    ]
    return discord.ui.Select[Any](
        custom_id=one.name, options=found, required=one.required, min_values=int(one.required), max_values=most
    )


def given(form: Form, held: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, with values as the form has them."""
    chosen = {one.name for one in form.fields if one.kind in ("one", "many")}
    return {name: value_of(value) if name in chosen else value for name, value in held.items()}
