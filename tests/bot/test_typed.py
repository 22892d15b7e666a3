"""Typed command lines, taken apart."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.commands import COMMANDS
from bot.chat.commands.asked import Option
from bot.chat.commands.typed import NotUnderstood, checked, read

PROMOTE = COMMANDS["promote"]
APPROVE = COMMANDS["approve"]


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("", {}),
        ("harbour", {"persona": "harbour"}),
        ("3", {"adapter": "3"}),
        ("harbour 3", {"persona": "harbour", "adapter": "3"}),
        ("harbour v3", {"persona": "harbour", "adapter": "3"}),
        ("harbour ＃３", {"persona": "harbour", "adapter": "3"}),
        ('"old one" 3 better jokes, says Ann', {"persona": "old one", "adapter": "3", "why": "better jokes, says Ann"}),
        ("harbour better jokes", {"persona": "harbour", "why": "better jokes"}),
        ('adapter=3 persona="old one" why="so good"', {"persona": "old one", "adapter": "3", "why": "so good"}),
        ('harbour 3 "better jokes"', {"persona": "harbour", "adapter": "3", "why": "better jokes"}),
        ("harbour　3", {"persona": "harbour", "adapter": "3"}),
    ],
)  # fmt: skip
def test_words_go_where_they_fit(line: str, given: dict[str, str]) -> None:
    assert read(PROMOTE, line) == given


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("training", {"for": "training"}),
        ("Training Review", {"for": "training", "review": "yes"}),
        ("<#C1|training> context", {"channel": "<#C1|training>", "for": "context"}),
        ("#general review", {"channel": "#general", "review": "yes"}),
        ("review=no general", {"channel": "general"}),
    ],
)
def test_a_word_that_is_a_choice_is_that_choice(line: str, given: dict[str, str]) -> None:
    assert read(APPROVE, line) == given


@pytest.mark.parametrize(
    ("name", "line", "why"),
    [
        ("cancel", "", r"^Something is missing \(run\): `/yamabiko cancel RUN`$"),
        ("cancel", "twelve", r"^'twelve' is not what run can be: `/yamabiko cancel RUN`$"),
        ("cancel", "99999999999999999999", "is not what run can be"),
        ("cancel", "12 13", r"^'13' is too much: `/yamabiko cancel RUN`$"),
        ("language", "fr", r"^'fr' is not what language can be: `/yamabiko language \[en\|ja\|auto\]`$"),
        ("approve", "for=fun", r"^'fun' is not what for can be"),
        ("promote", "adapter=three", r"^'three' is not what adapter can be"),
        ("ask", "persona=echo", r"^Something is missing \(question\): `/yamabiko ask \[persona=PERSONA\] QUESTION`$"),
    ],
)
def test_what_is_not_understood_is_told_with_how_it_is_written(name: str, line: str, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        read(COMMANDS[name], line)


def test_a_question_is_taken_as_it_stands() -> None:
    question = 'what is "a=b" at https://example.com/x?y=z  , 3 times?'
    assert read(COMMANDS["ask"], question) == {"question": question}
    assert read(COMMANDS["ask"], f"persona=echo {question}") == {"persona": "echo", "question": question}


def test_options_that_a_network_took_apart_are_held_to_the_same() -> None:
    assert checked(PROMOTE, {"persona": " harbour ", "adapter": "v3", "why": "", "more": "x"}) == {
        "persona": "harbour",
        "adapter": "3",
    }
    assert checked(COMMANDS["rollback"], {"to": "Base"}) == {"to": "0"}
    with pytest.raises(NotUnderstood):
        checked(COMMANDS["reject"], {"persona": "harbour"})


@given(st.sampled_from(sorted(COMMANDS)), st.text(max_size=60))
def test_any_line_is_understood_or_told_how_to_write_it(name: str, line: str) -> None:
    with suppress(NotUnderstood):
        given = read(COMMANDS[name], line)
        assert given.keys() <= {option.name for option in COMMANDS[name].options}
        assert all(given.values())


def test_every_command_can_be_typed_as_its_usage_says() -> None:
    for one in COMMANDS.values():
        words = [_written(option) for option in one.options]
        assert read(one, " ".join(words)).keys() == {option.name for option in one.options}, one.name


def _written(option: Option) -> str:
    value = option.choices[0] if option.choices else "3" if option.kind in ("number", "run", "adapter") else "some"
    return option.name if option.kind == "yes" else f"{option.name}={value}"
