"""Tokens to text, and turns to prompts: the parts of generation that need no model."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generation.engine import Turn
from bot.generation.prompt import Tokens, fit_chat, fit_text
from bot.generation.text_stream import UNFINISHED, TextStream


def decode_bytes(ids: Sequence[int]) -> str:
    return bytes(ids).decode("utf-8", errors="replace")


def decode_fallback(ids: Sequence[int]) -> str:
    """As byte-fallback decoders do: a run of bytes is a text as a whole or not at all."""
    try:
        return bytes(ids).decode("utf-8")
    except UnicodeDecodeError:
        return UNFINISHED * len(ids)


def stream(text: bytes, stop: Sequence[str] = ()) -> list[str]:
    """What is shown, piece by piece, until a stop string."""
    flow = TextStream(decode_bytes, stop)
    pieces = []
    for byte in text:
        pieces.append(flow.push(byte))
        if flow.stopped:
            return pieces
    return [*pieces, flow.flush()]


@given(st.text(max_size=40))
def test_pieces_join_to_the_whole_text_and_never_cut_a_character(text: str):
    pieces = stream(text.encode())
    assert "".join(pieces) == text.rstrip(UNFINISHED)
    if UNFINISHED not in text:
        assert not any(UNFINISHED in piece for piece in pieces)


@given(st.binary(max_size=40))
def test_broken_bytes_join_to_their_decoding_without_an_unfinished_end(text: bytes):
    assert "".join(stream(text)) == decode_bytes(list(text)).rstrip(UNFINISHED)


@given(st.text(alphabet="abあ", max_size=30), st.text(alphabet="abあ", min_size=1, max_size=4))
def test_text_ends_before_the_stop_string_and_nothing_of_it_is_ever_shown(text: str, stop: str):
    assert "".join(stream(text.encode(), [stop])) == text.split(stop)[0]


def test_the_beginning_of_a_stop_string_is_held_back_and_shown_when_it_was_none():
    assert stream(b"a\nUsers", ["\nUser:"]) == ["a", "", "", "", "", "", "\nUsers", ""]


def test_what_was_shown_stays_shown_when_a_decoder_takes_it_back():
    flow = TextStream(decode_fallback)
    pieces = [flow.push(byte) for byte in "山彦".encode()]
    assert pieces == ["", "", "山", "", "", "彦"]
    assert flow.flush() == ""


def words_of(turns: Sequence[Turn]) -> list[str]:
    return [word for turn in turns for word in (f"<{turn['role']}>", *turn["content"].split())]


@pytest.fixture
def tokens() -> Tokens:
    """A vocabulary in which each word is one token, and each turn costs one more for its role."""
    known: dict[str, int] = {}

    def ids(words: list[str]) -> list[int]:
        return [known.setdefault(word, len(known)) for word in words]

    def decode(numbers: Sequence[int]) -> str:
        names = list(known)
        return " ".join(names[number] for number in numbers)

    return Tokens(lambda text: ids(text.split()), decode, lambda turns: ids(words_of(turns)))


TALK: list[Turn] = [
    {"role": "system", "content": "be kind"},
    {"role": "user", "content": "one two"},
    {"role": "assistant", "content": "three"},
    {"role": "user", "content": "four five six"},
]


@pytest.mark.parametrize(
    ("room", "kept"),
    [
        (12, "<system> be kind <user> one two <assistant> three <user> four five six"),
        (11, "<system> be kind <user> four five six"),
        (7, "<system> be kind <user> four five six"),
        (6, "<system> be kind <user> five six"),
        (4, "<system> be kind <user>"),
        (2, "kind <user>"),
    ],
)
def test_old_turns_go_first_then_the_beginning_of_the_newest(tokens: Tokens, room: int, kept: str):
    assert tokens.decode(fit_chat(TALK, room, tokens)) == kept


def test_a_text_keeps_its_tail_behind_the_beginning_of_sequence(tokens: Tokens):
    turns: list[Turn] = [{"role": "user", "content": "a b c d"}]
    begin = tokens.encode("<user>")[0]
    assert tokens.decode(fit_text(turns, 3, tokens, begin)) == "<user> c d"
    assert tokens.decode(fit_text(turns, 3, tokens, None)) == "b c d"
    assert tokens.decode(fit_text(turns, 5, tokens, begin)) == "<user> a b c d"
