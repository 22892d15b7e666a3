"""Cards in Discord: whatever a card says, Discord takes it, and nobody is pinged."""

import pytest
from hypothesis import given, settings

from bot.chat import commands
from bot.chat.cards import Button, Card, Choice, Facts, Heading, Line, Menu, Note, Row, Text
from bot.platforms.discord import custom_ids, naming
from bot.platforms.discord.custom_ids import Pressed, custom_id, pressed
from bot.platforms.discord.drawing import drawn, text_of, value_of, view_of
from tests.fakes.any_card import CARDS
from tests.fakes.pretended_discord.components import check_components, walked
from tests.fakes.pretended_discord.refusals import Complaints
from tests.fakes.pretended_discord.rendering import component_lines
from tests.fakes.pretended_discord.world import Json

GUILD = "1574115588161142785"


def components(card: Card, workspace: str | None = None) -> list[Json]:
    return drawn(card, workspace)["view"].to_components()


def lines(card: Card) -> list[str]:
    return [line for one in components(card) for line in component_lines(one, {})]


def accepted(shown: list[Json], new: bool) -> None:
    wrong = Complaints()
    check_components(wrong, shown, new)
    wrong.settle()


@settings(max_examples=60, deadline=None)
@given(CARDS)
def test_discord_takes_every_card_and_nobody_is_called(card: Card) -> None:
    shown = components(card, GUILD)
    accepted(shown, new=True)
    said = "\n".join(str(one.get("content", "")) for one in walked(shown)).casefold()
    assert not any(call in said for call in ("@everyone", "@here", "<@u", "<!", "<#c"))


@settings(max_examples=60, deadline=None)
@given(CARDS)
def test_discord_takes_every_row_of_buttons_under_an_answer(card: Card) -> None:
    buttons = [one for part in card.parts if isinstance(part, Row) for one in part.actions if isinstance(one, Button)]
    accepted(view_of(buttons, GUILD).to_components(), new=False)


def test_a_card_looks_like_this() -> None:
    card = Card(
        [
            Heading("harbour"),
            Text("• **Ann** says aye\n• **Ben** does not"),
            Facts([("run", "7"), ("held-out", "4.70 → **3.25**"), ("of", "a\nb")]),
            Line(),
            Text("Adapter 3"),
            Row([Button("Promote", "promote", "harbour 3", "primary"), Button("Reject", "reject", "harbour 3")]),
            Text("Adapter 2"),
            Row([Button("Compare", "compare", "harbour 2")]),
            Row([Menu("Role", "role", [Choice("admin", "1 admin"), Choice("member", "1 member")], "1 admin")]),
            Note("Asked by *Ann* <@U1>"),
        ]
    )
    assert lines(card) == [
        "┃ ### harbour",
        "┃ • **Ann** says aye",
        "┃ • **Ben** does not",
        "┃ ",
        "┃ **run** · 7",
        "┃ **held-out** · 4.70 → **3.25**",
        "┃ **of**",
        "┃ a",
        "┃ b",
        "┃ ────────────────────",
        "┃ Adapter 3",
        "┃ [Promote] [Reject]",
        "┃ Adapter 2  [Compare]",
        "┃ [admin ▾ of admin / member]",
        "┃ -# Asked by *Ann* <\u200b@U1>",
    ]


def test_a_sentence_stands_there_without_a_frame() -> None:
    assert components(Card([Text("Done.")])) == [{"type": 10, "content": "Done."}]


def test_a_text_too_long_is_cut_and_says_so_while_its_buttons_stay() -> None:
    card = Card([Text("word " * 4000), Row([Button("Go on", "more"), Button("No", "no")]), Text("short")])
    shown = lines(card)
    assert shown[0].endswith("…") or shown[1] == "┃ …"
    assert shown[-3:] == ["┃ [Go on] [No]", "┃ short", "┃ -# … the rest is cut."]


def test_of_many_long_texts_each_keeps_as_much_as_the_others() -> None:
    parts = [
        part for n in range(10) for part in (Text(f"{n} " + "word " * 240), Row([Button("Say", "choose", str(n))]))
    ]
    said = [one["content"] for one in walked(components(Card(parts))) if one["type"] == 10]
    assert len(said) == 11
    assert min(len(one) for one in said[:-1]) > 350


def test_more_buttons_than_a_message_takes_become_menus_from_the_end() -> None:
    rows = [(Text(f"line {n}"), Row([Button("A", "a", str(n)), Button("B", "b", str(n), sure="?")])) for n in range(12)]
    shown = components(Card([part for row in rows for part in row]))
    accepted(shown, new=True)
    menus = [one for one in walked(shown) if one["type"] == 3]
    assert menus
    assert [pressed(one["value"]) for one in menus[-1]["options"]] == [
        Pressed("a", "11"),
        Pressed("b", "11", asks=True),
    ]
    assert sum(one["type"] == 2 for one in walked(shown)) + sum(len(one["options"]) for one in menus) == 24


def test_two_buttons_that_do_the_same_are_told_apart_by_discord_alone() -> None:
    row = Row([Button("A", "choose", "1"), Button("B", "choose", "1"), Button("C", "choose", "1", sure="Sure?")])
    names = [one["custom_id"] for one in walked(components(Card([row]), GUILD)) if one["type"] == 2]
    assert len(set(names)) == 3
    assert [pressed(name) for name in names] == [
        Pressed("choose", "1", GUILD),
        Pressed("choose", "1", GUILD),
        Pressed("choose", "1", GUILD, asks=True),
    ]


def test_a_button_that_discord_cannot_carry_is_left_out_rather_than_changed() -> None:
    assert components(Card([Row([Button("A", "promote", "x" * 100)])])) == [{"type": 10, "content": "–"}]


def test_the_longest_that_buttons_stand_for_fits() -> None:
    name, message = "x" * 60, "123456789"
    longest = [
        Pressed("rollback", f"{name} 9999", GUILD, asks=True),
        Pressed("undo", f"{name} 9999 9999", GUILD),
        Pressed("reviewed", f"99999 {message} a {','.join([message] * 6)}", GUILD),
    ]
    for one in longest:
        assert one.press in commands.PRESSES
        assert len(custom_id(one)) <= custom_ids.LONGEST
        assert pressed(custom_id(one, 2)) == one


def test_a_menu_shows_what_is_chosen_and_an_empty_value_comes_back_empty() -> None:
    card = Card([Row([Menu("Language", "language", [Choice("automatic", ""), Choice("日本語", "ja")], "")])])
    [menu] = [one for one in walked(components(card)) if one["type"] == 3]
    assert [one["default"] for one in menu["options"]] == [True, False]
    assert [value_of(one["value"]) for one in menu["options"]] == ["", "ja"]


def test_texts_name_commands_as_they_are_called_here_and_can_be_clicked_once_discord_knows_them() -> None:
    text = "`/yamabiko close` or `/yamabiko members NAME`, never `/yamabiko dance`; `/yamabiko help`"
    naming.forgotten()
    assert naming.worded(text) == (
        "`/yamabiko text close` or `/yamabiko order members member:NAME`, never `/yamabiko dance`; `/yamabiko help`"
    )
    naming.registered(42)
    try:
        [shown] = components(Card([Text(text)]))
        assert text_of([Text("`/yamabiko close`")]) == "`/yamabiko text close`"
        assert shown["content"] == (
            "</yamabiko text close:42> or `/yamabiko order members member:NAME`, never `/yamabiko dance`; "
            "</yamabiko help:42>"
        )
    finally:
        naming.forgotten()


@pytest.mark.parametrize(
    ("typed", "here"),
    [
        ("members NAME ROLE", "order members member:NAME role:ROLE"),
        ("ask persona=NAME …", "ask persona:NAME question:…"),
        ("ask why is that", "ask question:why is that"),
        ("pause [CHANNEL] [everything]", "order pause [channel:CHANNEL] [everything:True]"),
    ],
)
def test_what_follows_a_command_is_named_as_discord_writes_it(typed: str, here: str) -> None:
    assert naming.worded(f"`/yamabiko {typed}`") == f"`/yamabiko {here}`"


def test_lines_go_before_anything_that_is_read_or_pressed() -> None:
    ten = [
        part
        for one in range(10)
        for part in (Text(f"{one}"), Row([Button("Say this one", "choose", f"1 {one}")]), Line())
    ]
    shown = "\n".join(lines(Card([*ten, Note("Only you see these.")])))
    assert "the rest is cut" not in shown
    assert shown.count("Say this one") == 10
    assert "Only you see these." in shown
