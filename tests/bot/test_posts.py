"""Long replies in posts: nothing lost, nothing too long, and what was posted stays as it was."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.chat.replying.characters import clusters
from bot.chat.replying.posts import SMALLEST_LIMIT, Measure, split

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
PROSE = st.lists(
    st.sampled_from(
        [*"abc ABC 1.!?、。」「っと", "\n", "\n\n", "e.g.", " Dr. ", FAMILY, "🇯🇵", "e\u0301", "か\u3099", "word "]
    )
).map("".join)
# Small letters are text, capitals are languages, so that a test can tell what was added.
CODE = st.lists(
    st.sampled_from(
        [*"ab c。", "\n", "\n\n", "`", "``", "```", "\n```", "\n```\n", "\n```PY\n", "\n````RUBY\n", "\n  line of code"]
    )
).map("".join)
LIMITS = st.integers(SMALLEST_LIMIT, 60)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def escaped(text: str) -> int:
    return len(text.encode()) + 4 * text.count("&") + 3 * text.count("<")


MEASURES = st.sampled_from([len, utf16, escaped])


def solid(text: str) -> str:
    return "".join(text.split())


@given(PROSE, LIMITS, MEASURES)
def test_nothing_but_white_space_at_cuts_is_lost_and_no_post_is_blank_or_too_long(
    text: str, limit: int, measure: Measure
) -> None:
    at = 0
    for post in split(text, limit, measure):
        assert post.strip()
        assert measure(post) <= limit
        found = text.index(post, at)
        assert not text[at:found].strip()
        at = found + len(post)
    assert not text[at:].strip()


@given(CODE, LIMITS, MEASURES)
def test_code_is_cut_with_nothing_lost_and_every_block_closed(text: str, limit: int, measure: Measure) -> None:
    assume(not re.search("^`{3,}[a-z]+", text, re.MULTILINE))
    posts = split(text, limit, measure)
    assert all(post.strip() and measure(post) <= limit for post in posts)
    assert re.sub("[`A-Z]", "", solid("".join(posts))) == re.sub("[`A-Z]", "", solid(text))


@given(st.one_of(PROSE, CODE), LIMITS, MEASURES)
def test_posts_before_the_last_two_stay_as_a_text_grows(text: str, limit: int, measure: Measure) -> None:
    before: list[str] = []
    for end in range(len(text) + 1):
        posts = split(text[:end], limit, measure)
        assert posts[: len(before[:-2])] == before[:-2]
        before = posts


@given(st.lists(st.sampled_from([FAMILY, "🇯🇵", "e\u0301\u0323", "か\u3099", "각", "x", " "])).map("".join))
def test_no_cut_goes_through_what_a_reader_takes_for_one_character(text: str) -> None:
    posts = split(text, 2 * SMALLEST_LIMIT)
    assert [one for post in posts for one in clusters(post) if one != " "] == [c for c in clusters(text) if c != " "]


@given(st.integers(1, 40), LIMITS)
def test_a_code_block_that_fits_into_a_post_is_never_cut(before: int, limit: int) -> None:
    block = "```\n" + "x" * (limit - 8) + "\n```"
    assert block in split(f"{'a' * before}\n{block}\nand more", limit)


def test_a_blank_text_is_no_post_and_a_short_one_is_one() -> None:
    assert split("", 100) == split(" \n\u3000\n", 100) == []
    assert split("  Hello.\n", 100) == ["Hello."]


def test_a_limit_nothing_fits_into_is_refused() -> None:
    with pytest.raises(ValueError, match="a post holds at least 16, not 15"):
        split("text", SMALLEST_LIMIT - 1)


@pytest.mark.parametrize(
    ("text", "posts"),
    [
        ("One. Two is longer.\n\nThree. Four.", ["One. Two is longer.", "Three. Four."]),
        ("Hi.\n\nThis is one long paragraph. It ends.", ["Hi.\n\nThis is one long paragraph.", "It ends."]),
        ("- first of all\n- second of all\n- third", ["- first of all\n- second of all", "- third"]),
        ("Who is it? It is Dr. Smith. Good day now.", ["Who is it? It is Dr. Smith.", "Good day now."]),
        ("See them, e.g. the one of 3.14 euros. Fine", ["See them, e.g. the one of 3.14", "euros. Fine"]),
        ("So he said. Then J. R. Tolkien came along.", ["So he said.", "Then J. R. Tolkien came along."]),
        ('She wrote. "Really?" he asked and went out.', ["She wrote.", '"Really?" he asked and went out.']),
        ("(I was there.) And then we all left early.", ["(I was there.)", "And then we all left early."]),
        ("What is it, wait... what do you mean by it", ["What is it, wait... what do you", "mean by it"]),
        ("Some words without any end of a sentence", ["Some words without any end of a", "sentence"]),
        ("a" * 40, ["a" * 32, "a" * 8]),
    ],
)
def test_english_is_cut_at_paragraphs_then_sentences_then_words(text: str, posts: list[str]) -> None:
    assert split(text, 32) == posts


@pytest.mark.parametrize(
    ("text", "posts"),
    [
        ("山に登ります。「楽しい！」次は海です。", ["山に登ります。「楽しい！」", "次は海です。"]),
        ("行くよ。「海へ行こう。」と彼は言った。", ["行くよ。", "「海へ行こう。」と彼は言った。"]),
        ("すごい!次は海へ行きましょうねみなさん", ["すごい!", "次は海へ行きましょうねみなさん"]),
        ("本当ですか？！（はい。）そうですとも", ["本当ですか？！（はい。）", "そうですとも"]),
        ("「そうか……」次は海へ行きましょうね", ["「そうか……」", "次は海へ行きましょうね"]),
        ("「そうか‥」と彼は言った。次は海です", ["「そうか‥」と彼は言った。", "次は海です"]),
        ("そうですか……では次は海へ行こうかな", ["そうですか……では次は海へ行こう", "かな"]),
        ("本当にそうですねーーーそうですとも。", ["本当にそうですねーーーそうですと", "も。"]),
        ("ﾔﾏﾆﾉﾎﾞﾙ｡｢ﾀﾉｼｲ!｣ﾂｷﾞﾊｳﾐﾃﾞｽ", ["ﾔﾏﾆﾉﾎﾞﾙ｡｢ﾀﾉｼｲ!｣", "ﾂｷﾞﾊｳﾐﾃﾞｽ"]),
        ("長い文には、句点がないことも多いのです", ["長い文には、", "句点がないことも多いのです"]),
        ("これはとても長い言葉の連なりなの、です", ["これはとても長い言葉の連なりな", "の、です"]),
        ("春はあけぼのやうやう白くなりゆ「山ぎは」", ["春はあけぼのやうやう白くなりゆ", "「山ぎは」"]),
    ],
)
def test_japanese_is_cut_at_sentence_ends_with_their_closing_quotes(text: str, posts: list[str]) -> None:
    assert split(text, 16) == posts


def test_a_code_block_moves_into_a_post_of_its_own_rather_than_being_cut() -> None:
    block = "```python\nfor one in every:\n    print(one)\n```"
    assert split(f"Here is how it goes:\n\n{block}\n\nGood?", 50) == ["Here is how it goes:", block, "Good?"]


def test_a_block_longer_than_a_post_is_closed_and_opened_again_in_its_language() -> None:
    lines = [f"    step({number})" for number in range(6)]
    text = "```python title=steps\n" + "\n".join(lines) + "\n```\nDone."
    assert split(text, 48) == [
        "```python title=steps\n    step(0)\n```",
        "```python\n    step(1)\n    step(2)\n```",
        "```python\n    step(3)\n    step(4)\n```",
        "```python\n    step(5)\n```\nDone.",
    ]


def test_a_block_still_open_is_closed_for_those_who_read_meanwhile() -> None:
    assert split("So:\n```py\nprint(1)", 100) == ["So:\n```py\nprint(1)\n```"]


def test_backticks_within_a_line_open_no_block() -> None:
    assert split("Use ``` to open a block", 100) == ["Use ``` to open a block"]
