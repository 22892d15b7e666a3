"""What a reply is given, how it is spoken, and what its row keeps."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat import texts
from bot.chat.answering import Answering
from bot.chat.blocklist import Blocklist
from bot.chat.events import ChannelSeen
from bot.chat.outgoing import BREAK
from bot.chat.reply import Limits, Replier
from bot.chat.router import Router
from bot.engines import Engines
from bot.generation.engine import EngineBusy, EngineUnavailable
from bot.live_adapters import LiveAdapters
from bot.prepare import BaseNotReady
from db import personas
from db.models import Adapter, Reply, ReplySource
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine, weightless
from tests.fakes.platform import RecordingPlatform, mention


class Bot:
    """A router over one scripted engine and a platform that records."""

    def __init__(
        self, sessions: Sessions, folder: Path, engine: ScriptedEngine, limits: Limits, blocked: Sequence[str]
    ) -> None:
        self.sessions, self.folder, self.engine = sessions, folder, engine
        self.platform = RecordingPlatform()
        self.fails_to_open: Exception | None = None
        self.live = LiveAdapters(sessions, Engines(weightless, self._open), folder)
        replier = Replier(sessions, self.live, limits, Blocklist(blocked))
        self.answering = Answering(sessions, replier, "test", at_once=64)
        self.router = Router(sessions, self.answering.wake)

    async def _open(self, base: str) -> ScriptedEngine:
        if self.fails_to_open:
            raise self.fails_to_open
        return self.engine

    async def asked(self, text: str = "hello", author: str = "Ann", **changed) -> Reply:
        reply_id = await self.router.on_mention(self.platform, mention(text, author, **changed))
        assert reply_id is not None
        await self.answering.settled(reply_id)
        async with reading(self.sessions) as session:
            return await session.get_one(Reply, reply_id)

    async def replies(self) -> list[Reply]:
        async with reading(self.sessions) as session:
            return list(await session.scalars(select(Reply).order_by(Reply.id)))

    async def given(self, reply: Reply) -> list[int | None]:
        async with reading(self.sessions) as session:
            rows = await session.scalars(select(ReplySource).where(ReplySource.reply_id == reply.id))
            return [row.earlier_reply_id for row in rows]

    def turns(self) -> list[tuple[str, str]]:
        """What the engine was last given."""
        return [(turn["role"], turn["content"]) for turn in self.engine.requests[-1].turns]

    async def promoted(self, now) -> Adapter:
        async with transaction(self.sessions) as session:
            persona = await personas.named(session, "echo")
            adapter = await community.candidate(session, persona, now, sha256=hashlib.sha256(b"w").hexdigest())
            folder = self.folder / adapter.folder
            folder.mkdir(parents=True)
            (folder / "adapter_config.json").write_text("{}")
            (folder / "adapter_model.safetensors").write_bytes(b"w")
            expected = persona.live_adapter_id
            await personas.activate(session, persona, adapter, expected=expected, by="t", why="", now=now)
            return adapter


MakeBot = Callable[..., Awaitable[Bot]]


@pytest.fixture
async def make_bot(sqlite_sessions: Sessions, tmp_path: Path, now):
    async with transaction(sqlite_sessions) as session:
        await community.persona(session, now, sampling={"temperature": 0.5, "stop": ["END"]})
    async with AsyncExitStack() as stack:

        async def make(*answers, limits: Limits | None = None, waits: float = 0.0, blocked=(), **engine) -> Bot:
            bot = Bot(sqlite_sessions, tmp_path, ScriptedEngine(answers, **engine), limits or Limits(), blocked)
            bot.platform = RecordingPlatform(waits)
            stack.push_async_callback(bot.live.aclose)
            await stack.enter_async_context(bot.answering.running())
            stack.enter_context(bot.answering.serving(bot.platform))
            return bot

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
    bot = await make_bot(waits=0.2)
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
    first = await bot.asked("hello", "Ben", thread="t1")
    await bot.asked(f"what did <@member:{first.asker_id}> and <@member:999> say?", "Ann")
    assert bot.turns()[-1] == ("user", "what did @Ben and @someone say?")


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


async def test_nobody_is_called_and_no_blocked_word_is_said_or_kept(make_bot: MakeBot) -> None:
    bot = await make_bot("Hi @everyone, a dog", blocked=["DOG"])
    reply = await bot.asked()
    (shown,) = bot.platform.shown.values()
    assert shown == f"Hi @{BREAK}everyone, a •••"
    assert reply.text == "Hi @everyone, a •••"
