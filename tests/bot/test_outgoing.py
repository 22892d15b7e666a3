"""Nobody is pinged, however a call is written or cut into pieces."""

import re
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.replying.blocklist import Blocklist
from bot.chat.replying.outgoing import BREAK, Outgoing, quiet, safe, safe_text

NOTHING = Blocklist()
CALLS = ["@everyone", "@here", "@channel", "<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S1|@team>"]
CALLS += ["<@U024BE7LH>", "<@W1|ann>", "<#C1>", "<@123>", "<@!123>", "<@&123>", "<#123>", "＠everyone", "@EveryOne"]
PARTS = ["@", "＠", "<", "<@", "<!", "!", "&", "#", ">", "U1", "1", "u", "every", "one", "here", "chan", "nel", " "]

# What Slack and Discord look for.
PING = re.compile(r"@(everyone|here|channel)|<(@[!&]?[0-9A-Z]|#[0-9A-Z]|!(channel|here|everyone|group|subteam))", re.I)


def in_pieces(pieces: list[str], blocked: Blocklist) -> str:
    outgoing = Outgoing(blocked)
    return "".join([*map(outgoing.feed, pieces), outgoing.rest()])


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("around", ["{}", "Hello {}, look!", "`{}`", "a{}", "{}{}", "<{}>"])
def test_a_call_is_broken_and_can_still_be_read(call: str, around: str) -> None:
    text = around.format(call, call)
    said = safe_text(text, NOTHING)
    assert not PING.search(said.replace("＠", "@"))
    assert said.replace(BREAK, "") == text
    assert safe_text(said, NOTHING) == said


@pytest.mark.parametrize(
    "text",
    [
        "Write to ann@example.org or bob@mail.example.",
        "@Ann said so, as did <someone> else.",
        "if a < b and c <@ d: #123 <!-- a comment --> <!DOCTYPE html> @dataclass @property",
        "#include <stdio.h>\nvector<int> v; a<#b>",
        "<https://example.org|a link> <mailto:ann@example.org> <:wave:123> <t:123:R> @ here",
        "山田さん@東京",
    ],
)
def test_addresses_and_code_stay_as_they_are(text: str) -> None:
    assert safe_text(text, NOTHING) == text


@given(st.lists(st.sampled_from(PARTS + CALLS)))
def test_no_pieces_ever_join_into_a_call(pieces: list[str]) -> None:
    said = in_pieces(pieces, NOTHING)
    assert said == safe_text("".join(pieces), NOTHING) == quiet("".join(pieces))
    assert not PING.search(re.sub("<([@#][!&]?[a-z])", r"\1", said.replace("＠", "@")))
    assert said.replace(BREAK, "") == "".join(pieces)


@given(
    st.lists(st.sampled_from([*PARTS, "bad", "b", "a", "d ", "word", "馬", "鹿", "•"])),
    st.lists(st.sampled_from(["bad", "a d word", "馬鹿", "here", "every", "@", "<"])),
)
def test_blocked_words_and_calls_go_the_same_way_in_pieces_as_in_one(pieces: list[str], entries: list[str]) -> None:
    blocked = Blocklist(entries)
    assert in_pieces(pieces, blocked) == safe_text("".join(pieces), blocked)


@given(st.lists(st.text(max_size=5)))
def test_what_calls_nobody_is_never_changed(pieces: list[str]) -> None:
    text = "".join(pieces).replace("@", "").replace("＠", "").replace("<", "").replace("﹫", "")
    assert safe_text(text, NOTHING) == text


async def test_a_reply_is_passed_on_as_it_comes_and_only_what_is_undecided_waits() -> None:
    said: list[str] = []

    async def spoken() -> AsyncGenerator[str]:
        for piece, before in [
            ("Hello ", []),
            ("@", ["Hello"]),  # a space may still be given an accent
            ("every", ["Hello", " "]),
            ("body ba", ["Hello", " "]),
            ("d", ["Hello", " ", "@everybody "]),
            (".", ["Hello", " ", "@everybody "]),
            ("", ["Hello", " ", "@everybody "]),
            (" @he", ["Hello", " ", "@everybody "]),
            ("re", ["Hello", " ", "@everybody ", "•••. "]),
        ]:
            assert said == before
            yield piece

    async for piece in safe(spoken(), Blocklist(["bad"])):
        said.append(piece)
    assert "".join(said) == f"Hello @everybody •••. @{BREAK}here"
    assert all(said)


async def test_a_reply_that_is_not_wanted_any_more_ends_where_it_is() -> None:
    ended: list[str] = []

    async def spoken() -> AsyncGenerator[str]:
        try:
            while True:
                yield "and so on "
        finally:
            ended.append("yes")

    source = spoken()
    said = safe(source, NOTHING)
    assert await anext(said) == "and so on "
    await said.aclose()
    await source.aclose()
    assert ended == ["yes"]
