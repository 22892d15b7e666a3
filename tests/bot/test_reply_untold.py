"""Whoever asks hears something: a place far back in the queue, and a sentence where no word was said."""

import asyncio
from pathlib import Path

import pytest

from bot.chat import texts
from bot.chat.replying.reply import Limits
from db.session import Sessions
from tests.fakes.platform import RecordingPlatform
from tests.fakes.replying import MakeBot, making_bots


@pytest.fixture
async def make_bot(sqlite_sessions: Sessions, tmp_path: Path, now):
    async with making_bots(sqlite_sessions, tmp_path, now) as make:
        yield make


async def test_who_stands_far_back_in_the_queue_hears_it_once_and_is_answered(make_bot: MakeBot) -> None:
    bot = await make_bot(before_s=0.7, limits=Limits(told_from_place=2))
    asked = await asyncio.gather(*(bot.asked(thread=f"t{n}") for n in range(3)))
    assert {reply.status for reply in asked} == {"done"}
    assert bot.platform.told == ["Many people are asking at once; you are number 2 in line."]


async def test_a_place_that_cannot_be_told_does_not_keep_the_answer_back(make_bot: MakeBot) -> None:
    class Deaf(RecordingPlatform):
        async def tell(self, to, sentence):
            raise ConnectionError("the network is away")

    bot = await make_bot(word_s=0.02, limits=Limits(told_from_place=1), platform=Deaf())
    asked = await asyncio.gather(*(bot.asked(thread=f"t{n}") for n in range(3)))
    assert {(reply.status, reply.attempt) for reply in asked} == {("done", 1)}


@pytest.mark.parametrize("nothing", ["", " \n "])
async def test_a_model_that_says_nothing_is_told_as_a_sentence_and_is_no_context(
    make_bot: MakeBot, nothing: str
) -> None:
    bot = await make_bot(nothing, "\n Hm")
    first = await bot.asked("hello")
    assert (first.status, first.text, first.finish) == ("failed", None, texts.NOTHING_TO_SAY)
    assert (bot.platform.said, bot.platform.pieces) == ([texts.NOTHING_TO_SAY], [texts.NOTHING_TO_SAY])
    second = await bot.asked("hello?")
    assert (second.text, bot.turns()[1:]) == ("\n Hm", [("user", "hello?")])


async def test_a_request_whose_deadline_passes_in_the_queue_gets_an_apology(make_bot: MakeBot) -> None:
    bot = await make_bot(otherwise="one two three four", word_s=0.3, limits=Limits(reply_seconds=0.7))
    asked = await asyncio.gather(*(bot.asked(f"word{n}", thread="t") for n in range(3)))
    assert sorted({reply.status for reply in asked}) == ["apologised", "done"]
    for reply in asked:
        shown = bot.platform.shown[f"reply-{reply.id}"]
        assert shown == (reply.text if reply.status == "done" else texts.TOO_LATE)
        assert shown.strip()
    await bot.asked("and now?", thread="t")
    assert all(content not in ("", texts.EMPTY, texts.TOO_LATE) for _, content in bot.turns())
