"""Blocked words are masked however they are written, and nothing else is."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.replying.blocklist import Blocklist, Masking

BLOCKED = Blocklist(["bad", "very  Bad word", "馬鹿", "バカ", "死", "X線", "straße", "바보", "", "  "])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a bad thing", "a ••• thing"),
        ("BAD, Bad. bad", "•••, •••. •••"),
        ("badge, embad, bad_", "badge, embad, bad_"),
        ("bad's and bad-tempered", "•••'s and •••-tempered"),
        ("a very bad\nword here", "a •••• •••\n•••• here"),
        ("very bad words", "very ••• words"),
        ("あの馬鹿者め", "あの••者め"),
        ("馬鹿bad馬鹿", "•••••••"),
        ("ﾊﾞｶとバカとﾊﾞ ｶ", "••と••とﾊﾞ ｶ"),
        ("死", "•"),
        ("Ｘ線とX線とAX線", "••と••とAX線"),
        ("STRASSE Straße", "••••••• ••••••"),
        ("ｂａｄ and 𝐛𝐚𝐝", "••• and •••"),
        ("b\u200bad and ba\u00add", "••• and •••"),
        ("그는 바보야", "그는 ••야"),
        ("그는 \u1107\u1161\u1107\u1169야", "그는 ••야"),
        ("nothing to see", "nothing to see"),
    ],
)
def test_a_blocked_word_is_masked_however_it_is_written(text: str, masked: str) -> None:
    assert BLOCKED.mask(text) == masked


def test_words_that_overlap_are_masked_to_the_end() -> None:
    assert Blocklist(["あいう", "うえお", "かき"]).mask("あいうえおかく") == "•••••かく"
    assert Blocklist(["ああ"]).mask("あああ") == "•••"
    assert Blocklist(["one two", "two three", "two"]).mask("one two three") == "••• ••• •••••"


def test_an_empty_blocklist_changes_and_holds_back_nothing() -> None:
    masking = Masking(Blocklist([" ", "\u200b"]))
    assert masking.feed("any") == "any"
    assert masking.rest() == ""


def test_only_what_may_become_a_blocked_word_waits() -> None:
    masking = Masking(Blocklist(["good bye"]))
    assert [masking.feed(piece) for piece in ("so ", "goo", "d ", "b", "ye", "!")] == ["so", " ", "", "", "", ""]
    assert masking.rest() == "•••• •••!"


ALPHABET = [*"badB \n馬鹿e\u0301ﾊﾞｶ\u200bßSn.", "ａ", "ﬁ"]
ENTRIES = ["bad", "ad b", "馬鹿", "鹿馬", "é", "バ", "ssb", "in", "a", "bad bad", "。", "fin"]


@given(st.lists(st.text(st.sampled_from(ALPHABET), max_size=5)), st.lists(st.sampled_from(ENTRIES), max_size=5))
def test_pieces_joined_are_the_whole_text_masked(pieces: list[str], entries: list[str]) -> None:
    blocked = Blocklist(entries)
    masking = Masking(blocked)
    assert "".join([*map(masking.feed, pieces), masking.rest()]) == blocked.mask("".join(pieces))


@given(st.text(st.sampled_from([*"abd B.馬鹿\n"])), st.lists(st.sampled_from(["bad", "ad b", "馬鹿", "鹿馬", "a"])))
def test_a_character_is_masked_where_a_plain_search_finds_it(text: str, entries: list[str]) -> None:
    """Simple characters alone, so that each is its own plain form, and another way of looking can check."""
    plain, hit = text.casefold(), [False] * len(text)
    for entry in entries:
        pattern = entry.replace(" ", r"\s+") if "馬" in entry else rf"(?<![a-z]){entry}(?![a-z])".replace(" ", r"\s+")
        for start in range(len(text)):
            if found := re.compile(pattern).match(plain, start):
                hit[start : found.end()] = [True] * (found.end() - start)
    expected = "".join("•" if masked and not one.isspace() else one for one, masked in zip(text, hit, strict=True))
    assert Blocklist(entries).mask(text) == expected


@given(st.text(), st.lists(st.text(min_size=1, max_size=4), max_size=4))
def test_masking_any_text_keeps_its_characters_but_the_masked(text: str, entries: list[str]) -> None:
    masked = Blocklist(entries).mask(text)
    assert len(masked) <= len(text)
    assert set(unicodedata.normalize("NFC", masked)) <= set(unicodedata.normalize("NFC", text)) | {"•"}
    assert Blocklist([]).mask(text) == text
