"""Cards in Slack: whatever a card says, Slack takes it, and nobody is pinged."""

import pytest
from hypothesis import given, settings

from bot.chat.cards import Button, Card, Choice, Facts, Heading, Line, Menu, Note, Row, Text
from bot.chat.markdown import short, unmarked
from bot.platforms.slack.blocks import actions_block, blocks, drawn, fallback, press_of, value_of
from bot.platforms.slack.mrkdwn import measure, mrkdwn
from tests.fakes.any_card import CARDS, TEXTS
from tests.fakes.pretended_slack.blocks import check_message, check_view
from tests.fakes.pretended_slack.pings import pings_of
from tests.fakes.pretended_slack.rendering import block_lines


@settings(max_examples=120, deadline=None)
@given(CARDS)
def test_slack_takes_every_card_as_a_message_and_nobody_is_pinged(card: Card) -> None:
    shown = check_message(blocks(card))
    assert pings_of(fallback(card), shown) == []
    assert fallback(card)


@settings(max_examples=80, deadline=None)
@given(CARDS)
def test_slack_takes_every_card_as_a_home_tab_and_nobody_is_pinged(card: Card) -> None:
    shown = check_view({"type": "home", "blocks": drawn(card.parts, "view")}, ("home",))
    assert pings_of("", shown["blocks"]) == []


@settings(max_examples=120, deadline=None)
@given(TEXTS)
def test_a_translated_text_is_never_longer_than_it_was_measured(text: str) -> None:
    assert len(mrkdwn(text)) <= measure(text)


def lines(card: Card) -> str:
    return "\n".join(line for block in blocks(card) for line in block_lines(block, {}))


def test_a_card_looks_like_this() -> None:
    card = Card(
        [
            Heading("harbour"),
            Text("• **Ann** says aye\n• **Ben** does not"),
            Facts([("run", "7"), ("held-out", "4.70 → **3.25**")]),
            Line(),
            Row([Button("Promote", "promote", "harbour 3", "primary"), Button("Reject", "reject", "harbour 3")]),
            Note("Asked by *Ann* <@U1>"),
        ]
    )
    assert lines(card) == "\n".join(
        [
            "== harbour ==",
            "- **Ann** says aye",
            "- **Ben** does not",
            "· *run*",
            "7",
            "· *held-out*",
            "4.70 → *3.25*",
            "─" * 20,
            "[Promote] [Reject]",
            "~ Asked by _Ann_ &lt;\u200b@U1&gt;",
        ]
    )


def test_lines_of_a_text_stay_lines_and_code_stays_code() -> None:
    text = "one\ntwo\n\n```\na\nb\n```\nthree\n- four"
    assert blocks(Card([Text(text)])) == [{"type": "markdown", "text": "one  \ntwo\n\n```\na\nb\n```\nthree\n- four"}]


def test_what_stands_under_a_list_is_no_part_of_its_last_item() -> None:
    text = "**Talk**\n• ask\n• use\n**Yours**\n• consent\n  at any time"
    shown = "**Talk**\n- ask\n- use\n\n**Yours**\n- consent  \n  at any time"
    assert blocks(Card([Text(text)])) == [{"type": "markdown", "text": shown}]


def test_a_text_too_long_is_cut_and_says_so_while_its_buttons_stay() -> None:
    card = Card([Text("word " * 4000), Row([Button("Go on", "more")])])
    shown = blocks(card)
    assert [one["type"] for one in shown] == ["markdown", "actions", "context"]
    assert shown[0]["text"].endswith("…")
    assert shown[2]["elements"][0]["text"] == "… the rest is cut."


def test_more_blocks_than_a_message_takes_are_cut_and_it_says_so() -> None:
    shown = blocks(Card([Text(f"line {number}") for number in range(60)]))
    assert len(shown) == 50
    assert shown[-1]["elements"][0]["text"] == "… the rest is cut."
    assert shown[-2]["text"] == "line 48"


def test_two_buttons_that_do_the_same_are_told_apart_by_slack_alone() -> None:
    [row] = actions_block([Button("A", "choose", "1 1"), Button("B", "choose", "1 2"), Button("C", "delete", "1")])
    names = [one["action_id"] for one in row["elements"]]
    assert len(set(names)) == 3
    assert [press_of(name) for name in names] == ["choose", "choose", "delete"]


def test_two_thumbs_become_feedback_buttons_with_the_right_one_first() -> None:
    thumbs = [Button("👎", "thumb", "5 -1"), Button("👍", "thumb", "5 1"), Button("Another", "another", "5")]
    above, below = actions_block(thumbs)
    element = above["elements"][0]
    assert (element["positive_button"]["value"], element["negative_button"]["value"]) == ("5 1", "5 -1")
    assert [one["action_id"] for one in below["elements"]] == ["another"]
    assert [one["type"] for one in actions_block(thumbs, "view")] == ["actions"]


def test_a_button_that_slack_cannot_carry_is_left_out_rather_than_changed() -> None:
    assert actions_block([Button("A", "promote", "x" * 2001)]) == []


def test_a_dangerous_button_asks_first() -> None:
    [row] = actions_block([Button("Delete", "delete", "3", "danger", sure="Nobody gets it *back*.")])
    confirm = row["elements"][0]["confirm"]
    assert [confirm[key]["text"] for key in ("title", "text", "confirm", "deny")] == [
        "Are you sure?",
        "Nobody gets it back.",
        "Delete",
        "No",
    ]


def test_a_menu_shows_what_is_chosen_and_an_empty_value_comes_back_empty() -> None:
    [row] = actions_block([Menu("Language", "language", [Choice("automatic", ""), Choice("日本語", "ja")], "")])
    element = row["elements"][0]
    assert element["initial_option"] == element["options"][0]
    assert [value_of(one["value"]) for one in element["options"]] == ["", "ja"]


@pytest.mark.parametrize(
    ("markdown", "slack"),
    [
        ("**bold**, *thin* and ~~gone~~", "*bold*, _thin_ and ~gone~"),
        ("a `<b>` & [label](https://a.b/?c&d)", "a `&lt;b&gt;` &amp; <https://a.b/?c&amp;d|label>"),
        ("# Title\n- one\n- two", "*Title*\n• one\n• two"),
        ("snake_case 2*3*4 \\*star\\*", "snake_case 2*3*4 *star*"),
        ("声は**太字**です", "声は\u200b*太字*\u200bです"),
        ("```py\na < b **c**\n```", "```\na &lt; b **c**\n```"),
        ("[x](javascript:alert) <!here>", "[x](javascript:alert) &lt;!here&gt;"),
    ],
)
def test_markdown_is_said_in_slacks_own_notation(markdown: str, slack: str) -> None:
    assert mrkdwn(markdown) == slack


def test_marks_go_where_nothing_can_be_marked() -> None:
    assert unmarked("**Run 7** of [harbour](https://a.b) `ok` 2*3*4") == "Run 7 of harbour ok 2*3*4"


def test_what_is_too_long_ends_at_a_word() -> None:
    assert short("Approve this channel for training", 24) == "Approve this channel…"
    assert short("山彦の声を学ぶための承認をする画面", 10) == "山彦の声を学ぶため…"
    assert short("Retrain", 24) == "Retrain"
