"""Forms in Slack: whatever a form asks, Slack opens it, and what is filled in comes back as it was meant."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cards import Choice, Field, Form, Heading, Text, told
from bot.chat.commands.asked import FormRefused
from bot.platforms.slack.forms import (
    Opened,
    errors,
    filled,
    mended,
    modal,
    opened_at,
    showing,
    waiting,
)
from tests.fakes.any_card import CARDS, CHOICES, FEW, LABELS, LETTERS, TEXTS
from tests.fakes.pretended_slack.blocks import check_view
from tests.fakes.pretended_slack.choices import held, initial_state

NAMES = st.text(st.characters(categories=["Ll"], max_codepoint=127), min_size=1, max_size=10)
FIELDS = st.builds(
    Field,
    NAMES,
    LABELS,
    st.sampled_from(["line", "text", "one", "many"]),
    TEXTS,
    CHOICES,
    LABELS,
    st.booleans(),
    st.integers(0, 9000),
)
FORMS = st.builds(
    Form,
    LABELS,
    st.sampled_from(["retrain", "approve"]),
    LABELS,
    st.lists(FIELDS, min_size=1, max_size=12, unique_by=lambda one: one.name),
    st.text(LETTERS, max_size=200),
    FEW,
)


@settings(max_examples=60, deadline=None)
@given(FORMS)
def test_slack_opens_every_form(form: Form) -> None:
    view = check_view(modal(form, Opened("C1", "general", "1.2")), ("modal",))
    assert opened_at(view) == Opened("C1", "general", "1.2", form.value)


@settings(max_examples=40, deadline=None)
@given(CARDS)
def test_slack_shows_every_card_in_a_dialog(card: Any) -> None:
    check_view(showing(card, Opened()), ("modal",))


PERSONAS = [Choice("harbour", "harbour"), Choice("gull", "gull")]
COLOURS = [Choice("red", "r"), Choice("green", "g"), Choice("none", "")]


def retrain(**changed: Any) -> Form:
    fields = [
        Field(
            "persona",
            "Persona",
            "one",
            "harbour",
            [Choice("harbour", "harbour"), Choice("gull", "gull")],
            required=True,
        ),
        Field("note", "Note", "line", "first", hint="Anything."),
        Field("colours", "Colours", "many", "r\ng", COLOURS),
        Field("why", "Why", "text", longest=9000),
    ]
    return Form("Retrain", "retrain", "Start", fields, **changed)


def sent(form: Form, **values: Any) -> dict[str, Any]:
    """The view as it comes back when these values were filled in."""
    view = check_view(modal(form, Opened("C1")), ("modal",))
    state = initial_state(view["blocks"])
    for block in view["blocks"]:
        if block.get("block_id") in values:
            state[block["block_id"]]["value"] = held(block["element"], values[block["block_id"]])
    return view | {"state": {"values": state}}


def test_what_stands_there_at_first_comes_back_as_it_was() -> None:
    assert filled(sent(retrain())) == {"persona": "harbour", "note": "first", "colours": "r\ng", "why": ""}


def test_what_is_filled_in_comes_back_with_empty_choices_empty() -> None:
    values = filled(sent(retrain(), persona="gull", note="", colours=["green", "none"], why="because\nof it"))
    assert values == {"persona": "gull", "note": "", "colours": "g\n", "why": "because\nof it"}


def test_many_choices_become_a_menu() -> None:
    many = Field("names", "Names", "many", "n3", [Choice(f"name {number}", f"n{number}") for number in range(30)])
    [block] = modal(Form("Names", "names", "Go", [many]), Opened())["blocks"]
    assert block["element"]["type"] == "multi_static_select"
    assert filled(sent(Form("Names", "names", "Go", [many]))) == {"names": "n3"}


def test_a_title_too_long_ends_at_a_word() -> None:
    view = modal(Form("Approve this channel for training", "approve", "Approve", []), Opened())
    assert view["title"]["text"] == "Approve this channel…"


def test_what_is_wrong_stands_at_its_field_and_else_at_the_first() -> None:
    view = sent(retrain(intro=[Heading("Training")]))
    assert errors(view, FormRefused("note", "Too short.")) == {"note": "Too short."}
    assert errors(view, FormRefused("other", "Too short.")) == {"persona": "Too short."}


def test_a_form_that_is_refused_late_comes_back_with_what_was_filled_in() -> None:
    view = sent(retrain(value="v"), persona="gull", note="mine", colours=["green"], why="because")
    again = check_view(mended(view, FormRefused("note", "Too short.")), ("modal",))
    assert again["blocks"][0]["text"]["text"] == "⚠️ Too short."
    values = filled(again | {"state": {"values": initial_state(again["blocks"])}})
    assert values == {"persona": "gull", "note": "mine", "colours": "g", "why": "because"}
    assert opened_at(again) == Opened("C1", value="v")
    assert again["submit"]["text"] == "Start"


def test_a_cards_short_heading_is_the_dialogs_title() -> None:
    card = told("All is well.")
    titled = type(card)([Heading("Run **7**"), *card.parts])
    view = showing(titled, Opened(), "Retrain")
    assert view["title"]["text"] == "Run 7"
    assert len(view["blocks"]) == 1
    assert showing(card, Opened(), "Retrain")["title"]["text"] == "Retrain"


def test_a_dialog_that_waits_says_so_and_remembers_where_it_was_opened() -> None:
    view = check_view(waiting("Retrain", Opened("C1")), ("modal",))
    assert view["blocks"][0]["text"]["text"] == "One moment …"
    assert opened_at(view) == Opened("C1")


def test_a_dialog_of_another_version_remembers_nothing() -> None:
    assert opened_at({"private_metadata": '{"place": 1}'}) == Opened()
    assert opened_at({"private_metadata": "no"}) == Opened()


def test_a_form_keeps_its_fields_when_its_words_are_too_many() -> None:
    form = Form("Terms", "approve", "Go", [Field("ground", "Ground")], intro=[Text(f"part {n}") for n in range(120)])
    shown = check_view(modal(form, Opened()), ("modal",))["blocks"]
    assert len(shown) == 100
    assert shown[-1]["block_id"] == "ground"
