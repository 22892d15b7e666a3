"""What the remote engine does to text by itself: ends at stop strings, and turns left out of a small window."""

from hypothesis import example, given
from hypothesis import strategies as st

from bot.generation.engine import Turn
from bot.generation.shorten import fit, guess
from bot.generation.stop_cutter import StopCutter

letters = st.text(alphabet="abc\n", max_size=30)
SYSTEM: Turn = {"role": "system", "content": "Be brief."}


def cut(pieces: list[str], *stops: str) -> list[str]:
    cutter = StopCutter(stops)
    return [*(cutter.push(piece) for piece in pieces), cutter.flush()]


def test_what_may_become_a_stop_string_is_held_back_until_it_is_known():
    assert cut(["one ST", "AR", " ST", "OP two", "three"], "STOP") == ["one ", "STAR", " ", "", "", ""]
    assert cut(["one ST"], "STOP") == ["one ", "ST"]


def test_an_empty_stop_string_stops_nothing():
    assert cut(["one"], "", "x") == ["one", ""]


@given(st.lists(letters), st.lists(letters, max_size=3))
@example(["ab", "ab", "c"], ["ababc"])
def test_the_pieces_are_the_text_up_to_a_stop_string(pieces: list[str], stops: list[str]):
    text, said = "".join(pieces), "".join(cut(pieces, *stops))
    found = [stop for stop in stops if stop and stop in text]
    assert text.startswith(said)
    assert not any(stop in said for stop in found)
    if not found:
        assert said == text
    if len(found) == 1:
        assert said == text[: text.index(found[0])]


def conversation(*lengths: int) -> list[Turn]:
    turns = [SYSTEM]
    for number, length in enumerate(lengths):
        turns.append(Turn(role="assistant" if number % 2 else "user", content=str(number % 10) * length))
    return turns


@given(st.lists(st.integers(0, 200), min_size=1), st.integers(40, 400))
def test_what_is_kept_fits_begins_with_the_user_and_ends_with_the_newest(lengths: list[int], room: int):
    turns = conversation(*lengths)
    system, first, *rest = fit(turns, room)
    assert system == SYSTEM
    assert first["role"] == "user"
    assert rest == turns[len(turns) - len(rest) :]
    before = turns[len(turns) - len(rest) - 1]
    assert before["content"].endswith(first["content"])
    if guess([SYSTEM, Turn(role="user", content="x"), *rest]) <= room:
        assert guess([SYSTEM, first, *rest]) <= room


def test_turns_that_fit_stay_as_they_are():
    turns = conversation(30, 30, 30)
    assert fit(turns, guess(turns)) == turns
    assert fit(turns, guess(turns) - 1) == [SYSTEM, turns[-1]]


def test_a_newest_turn_too_long_by_itself_keeps_its_end():
    turns: list[Turn] = [SYSTEM, {"role": "user", "content": "あ" * 100 + "終わり"}]
    kept = fit(turns, guess([SYSTEM]) + 10)
    assert kept == [SYSTEM, {"role": "user", "content": "あああ終わり"}]
    assert guess(kept) == guess([SYSTEM]) + 10
    assert fit(turns, 1) == [SYSTEM, {"role": "user", "content": "り"}]


def test_without_a_conversation_only_the_system_prompt_is_left():
    assert fit([SYSTEM], 1) == [SYSTEM]
    assert fit([], 1) == []
