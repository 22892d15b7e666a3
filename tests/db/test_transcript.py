"""How a conversation looks to a model: roles, labels and names."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from db.transcript import NOTHING_SAID, Line, mentioned, turns, utterances, with_names

NAMES = {1: "Ann", 2: "Ben", 3: "Cleo"}
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
lines = st.lists(st.builds(Line, st.sampled_from([None, 1, 2, 3, 4]), texts), min_size=1, max_size=12)


@given(lines, st.sampled_from([None, 1, 2, 3, 4]), st.sampled_from(["", "Be brief."]))
def test_user_and_assistant_strictly_alternate_whoever_speaks(said: list[Line], speaker, system) -> None:
    result = turns(said, speaker, NAMES, system)
    if system:
        assert result.pop(0) == {"role": "system", "content": system}
    roles = [turn["role"] for turn in result]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2)
    assert all(turn["content"] for turn in result)
    assert roles[-1] == ("assistant" if said[-1].author == speaker else "user")


numbers = st.lists(st.builds(Line, st.sampled_from([None, 1, 2, 3]), st.from_regex(r"\d+", fullmatch=True)))


@given(numbers, st.sampled_from([None, 1, 2, 3]))
def test_every_text_is_said_once_and_in_order(said: list[Line], speaker) -> None:
    contents = [turn["content"] for turn in turns(said, speaker, {}, "")]
    rest = "\n".join(contents)
    for line in utterances(said):
        before, found, rest = rest.partition(line.text)
        assert found == line.text
        assert before.strip() in ("", "someone:", NOTHING_SAID)


@given(lines)
def test_utterances_never_follow_one_another_by_the_same_author(said: list[Line]) -> None:
    authors = [line.author for line in utterances(said)]
    assert all(one != other for one, other in itertools.pairwise(authors))


def test_one_other_is_not_labelled() -> None:
    said = [Line(1, "hello"), Line(2, "hi"), Line(1, "how are you?")]
    assert turns(said, 2, NAMES, "") == [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hi"},
        {"role": "user", "content": "how are you?"},
    ]


def test_two_others_are_labelled_wherever_they_speak_and_the_speaker_never_is() -> None:
    said = [Line(1, "hello"), Line(2, "hi"), Line(3, "ho"), Line(4, "hm"), Line(2, "bye")]
    assert turns(said, 2, NAMES, "") == [
        {"role": "user", "content": "Ann: hello"},
        {"role": "assistant", "content": "hi"},
        {"role": "user", "content": "Cleo: ho\nsomeone: hm"},
        {"role": "assistant", "content": "bye"},
    ]


def test_words_that_answer_nobody_follow_a_silent_turn_after_the_system_prompt() -> None:
    assert turns([Line(1, "good morning")], 1, NAMES, "Be brief.") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": NOTHING_SAID},
        {"role": "assistant", "content": "good morning"},
    ]


def test_text_without_an_author_can_be_the_speaker_and_can_be_another() -> None:
    said = [Line(None, "once upon a time"), Line(1, "and then?")]
    assert [turn["role"] for turn in turns(said, None, NAMES, "")] == ["user", "assistant", "user"]
    assert turns(said, 1, NAMES, "")[0] == {"role": "user", "content": "once upon a time"}


def test_mentions_become_names_and_unknown_members_someone() -> None:
    text = "<@member:1> ask <@member:9>, not <@member:x>"
    assert with_names(text, NAMES) == "@Ann ask @someone, not <@member:x>"
    assert mentioned(text) == {1, 9}
    asked = turns([Line(2, text), Line(1, "ok")], 1, NAMES, "")[0]["content"]
    assert asked == "@Ann ask @someone, not <@member:x>"
