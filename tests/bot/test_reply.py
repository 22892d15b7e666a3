"""What a reply is given, how it is spoken, and what its row keeps."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.events import ChannelSeen, MemberSeen
from bot.chat.replying.outgoing import BREAK
from bot.chat.replying.reply import Limits
from bot.generation.engine import EngineBusy, EngineUnavailable
from bot.prepare import BaseNotReady
from db import personas
from db.models import Reply
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.platform import RecordingPlatform
from tests.fakes.replying import Bot, MakeBot, making_bots


@pytest.fixture
async def make_bot(sqlite_sessions: Sessions, tmp_path: Path, now):
    async with making_bots(sqlite_sessions, tmp_path, now) as make:
        yield make


async def change_persona(bot: Bot, **values) -> None:
    async with transaction(bot.sessions) as session:
        persona = await personas.named(session, "echo")
        for name, value in values.items():
            setattr(persona, name, value)


async def test_a_mention_becomes_one_reply_row_with_text_and_figures(make_bot: MakeBot) -> None:
    bot = await make_bot("Good morning to you")
    reply = await bot.asked("hello", thread="t1")
    assert (reply.status, reply.text, reply.asked, reply.thread) == (
        "done",
        "Good morning to you",
        "hello",
        "t1",
    )
    assert (reply.finish, reply.completion_tokens, reply.adapter_id) == ("stop", 4, None)
    assert reply.prompt_tokens
    assert reply.total_s is not None
    assert reply.finished_at is not None
    assert (reply.attempt, reply.claimed_by, reply.lease_until) == (1, "test", None)
    assert reply.shown_ref == f"shown:reply-{reply.id}"
    assert bot.platform.pieces == ["Good ", "morning ", "to ", "you"]
    assert len(await bot.replies()) == 1


async def test_who_asks_while_the_base_is_being_opened_is_told_so_and_answered_then(make_bot: MakeBot) -> None:
    bot = await make_bot("Good morning", limits=Limits(opening_seconds=0.01))
    bot.may_open.clear()
    asking = asyncio.create_task(bot.asked())
    await asyncio.sleep(0.2)
    assert bot.platform.told == ["I am waking up, which takes a minute or two; your answer comes then."]
    bot.may_open.set()
    assert (await asking).text == "Good morning"


async def test_the_engine_is_asked_as_the_persona_wishes(make_bot: MakeBot) -> None:
    bot = await make_bot("done END never said", limits=Limits(reply_seconds=7))
    reply = await bot.asked()
    request = bot.engine.requests[0]
    assert (request.sampling.temperature, request.sampling.stop) == (0.5, ("END",))
    assert (request.shape, request.deadline_s, request.adapter) == ("chat", 7, None)
    assert reply.text is not None
    assert reply.text.strip() == "done"


async def test_the_live_adapter_speaks_and_is_kept_with_the_reply(make_bot: MakeBot, now) -> None:
    bot = await make_bot()
    adapter = await bot.promoted(now)
    reply = await bot.asked()
    assert reply.adapter_id == adapter.id
    assert bot.engine.requests[0].adapter == f"a{adapter.id:06d}"


async def test_what_is_live_when_the_first_word_is_taken_speaks(make_bot: MakeBot, now) -> None:
    bot = await make_bot(platform=RecordingPlatform(waits=0.2))
    first = await bot.promoted(now)
    asking = asyncio.create_task(bot.asked())
    await asyncio.sleep(0.1)
    second = await bot.promoted(now)
    await bot.live.sync()
    reply = await asking
    assert (reply.status, reply.adapter_id) == ("done", second.id)
    assert first.id != second.id


async def test_earlier_replies_of_the_thread_are_given_and_kept_as_lineage(make_bot: MakeBot) -> None:
    bot = await make_bot("Hi Ann", "Fine")
    first = await bot.asked("hello", thread="t1")
    second = await bot.asked("how are you?", thread="t1")
    assert bot.turns() == [
        ("system", "You are echo."),
        ("user", "hello"),
        ("assistant", "Hi Ann"),
        ("user", "how are you?"),
    ]
    assert await bot.given(second) == [first.id]
    assert await bot.given(first) == []


async def test_other_threads_and_channels_are_not_given(make_bot: MakeBot) -> None:
    bot = await make_bot()
    await bot.asked("in another thread", thread="t1")
    await bot.asked("outside threads")
    await bot.asked("in another channel", thread="t2", channel=ChannelSeen("C2", "random"))
    last = await bot.asked("here", thread="t2")
    assert bot.turns() == [("system", "You are echo."), ("user", "here")]
    assert await bot.given(last) == []


async def test_another_personas_replies_are_not_given(make_bot: MakeBot, now) -> None:
    bot = await make_bot()
    async with transaction(bot.sessions) as session:
        await community.persona(session, now, name="other")
    await bot.asked("for echo", persona="echo", thread="t")
    last = await bot.asked("for other", persona="other", thread="t")
    assert await bot.given(last) == []


async def test_only_so_many_and_so_recent_replies_are_given(make_bot: MakeBot) -> None:
    bot = await make_bot(limits=Limits(context_replies=2, context_days=30))
    asked = [await bot.asked(f"question {n}") for n in range(4)]
    assert await bot.given(asked[-1]) == [asked[1].id, asked[2].id]
    async with transaction(bot.sessions) as session:
        for reply in asked:
            (await session.get_one(Reply, reply.id)).created_at -= timedelta(days=31)
    assert await bot.given(await bot.asked("a month later")) == []


async def test_two_askers_are_told_apart_by_name_and_one_is_not(make_bot: MakeBot) -> None:
    bot = await make_bot("Hi Ann", "Hi Ben")
    await bot.asked("hello", "Ann")
    await bot.asked("me too", "Ben")
    assert bot.turns()[1:] == [("user", "Ann: hello"), ("assistant", "Hi Ann"), ("user", "Ben: me too")]


async def test_mentioned_members_are_given_by_name(make_bot: MakeBot) -> None:
    bot = await make_bot()
    await bot.asked("hello", MemberSeen("U1", "Ben"), thread="t1")
    asked = await bot.asked("what did <@member:U1> and <@member:U2> say?", "Ann", people=[MemberSeen("U2", "Cleo")])
    assert bot.turns()[-1] == ("user", "what did @Ben and @Cleo say?")
    assert "U1" not in asked.asked, "no text keeps an id of the network's"


async def test_a_persona_of_shape_text_is_given_the_plain_text(make_bot: MakeBot) -> None:
    bot = await make_bot()
    await change_persona(bot, shape="text")
    await bot.asked("Once upon")
    reply = await bot.asked("a time")
    request = bot.engine.requests[-1]
    assert (bot.turns(), request.shape) == ([("user", "a time")], "text")
    assert await bot.given(reply) == []


async def test_a_busy_engine_becomes_a_sentence_and_a_failed_row(make_bot: MakeBot) -> None:
    bot = await make_bot(EngineBusy("64 requests are waiting already."), "Now I can")
    reply = await bot.asked()
    assert bot.platform.said == ["Many people are asking at once; please try again in a moment."]
    assert (reply.status, reply.text, reply.lease_until) == ("failed", None, None)
    assert reply.finished_at is not None
    again = await bot.asked()
    assert (again.status, again.text) == ("done", "Now I can")
    assert await bot.given(again) == []


async def test_an_engine_that_cannot_answer_says_why(make_bot: MakeBot) -> None:
    bot = await make_bot(EngineUnavailable("The base needs more memory than there is."))
    reply = await bot.asked()
    assert bot.platform.said == ["The base needs more memory than there is."]
    assert (reply.status, reply.finish) == ("failed", "The base needs more memory than there is.")


async def test_an_adapter_that_cannot_be_loaded_is_told_to_the_asker(make_bot: MakeBot, now) -> None:
    bot = await make_bot()
    adapter = await bot.promoted(now)
    (bot.folder / adapter.folder / "adapter_model.safetensors").write_bytes(b"other")
    assert (await bot.asked()).status == "failed"
    assert bot.platform.said == ["The file of adapter 1 is not what was trained; restore it, roll back, or retrain."]


async def test_a_base_that_cannot_be_prepared_is_told_before_anything_shows(make_bot: MakeBot) -> None:
    bot = await make_bot()
    bot.fails_to_open = BaseNotReady("There is no package llm-nothing; install it.")
    reply = await bot.asked()
    assert bot.platform.said == ["There is no package llm-nothing; install it."]
    assert (reply.status, list(bot.platform.shown.values())) == ("failed", bot.platform.said)


async def test_a_deadline_ends_a_reply_where_it_is(make_bot: MakeBot) -> None:
    bot = await make_bot("one two three four five six", word_s=0.1, limits=Limits(reply_seconds=0.35))
    reply = await bot.asked()
    assert (reply.status, reply.finish) == ("done", "deadline")
    assert reply.text is not None
    assert reply.text.startswith("one two")
    assert "six" not in reply.text


async def test_many_askers_are_all_answered_in_turn(make_bot: MakeBot) -> None:
    bot = await make_bot(otherwise=lambda request: f"you said {request.turns[-1]['content']}", word_s=0.001)
    await asyncio.gather(*(bot.asked(f"word{n}", thread=f"t{n}") for n in range(20)))
    assert len(bot.platform.shown) == 20
    assert {reply.text for reply in await bot.replies()} == {f"you said word{n}" for n in range(20)}
    assert {reply.status for reply in await bot.replies()} == {"done"}


async def test_nobody_is_called_and_no_blocked_word_is_said_or_kept(make_bot: MakeBot) -> None:
    bot = await make_bot("Hi @everyone, a dog", blocked=["DOG"])
    reply = await bot.asked()
    (shown,) = bot.platform.shown.values()
    assert shown == f"Hi @{BREAK}everyone, a •••"
    assert reply.text == "Hi @everyone, a •••"
