"""A router over one scripted engine and a platform that records.

Owns the way from a question to its ended row. Knows no model and no network.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from bot.chat.events import MemberSeen
from bot.chat.replying.answering import Answering
from bot.chat.replying.blocklist import Blocklist
from bot.chat.replying.reply import Limits, Replier
from bot.chat.replying.router import Router
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
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
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.live = LiveAdapters(sessions, Engines(weightless, self._open), folder)
        replier = Replier(sessions, self.live, limits, Blocklist(blocked))
        self.replier = replier
        self.answering = Answering(sessions, replier, "test", at_once=64)
        self.router = Router(sessions, self.answering.wake)

    async def _open(self, base: str) -> ScriptedEngine:
        if self.fails_to_open:
            raise self.fails_to_open
        await self.may_open.wait()
        return self.engine

    async def asked(self, text: str = "hello", author: str | MemberSeen = "Ann", **changed) -> Reply:
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


@asynccontextmanager
async def making_bots(sessions: Sessions, folder: Path, now: datetime) -> AsyncGenerator[MakeBot]:
    """Bots with the persona `echo`, closed at the end."""
    async with transaction(sessions) as session:
        await community.persona(session, now, sampling={"temperature": 0.5, "stop": ["END"]})
    async with AsyncExitStack() as stack:

        async def make(*answers, limits: Limits | None = None, platform=None, blocked=(), **engine) -> Bot:
            bot = Bot(sessions, folder, ScriptedEngine(answers, **engine), limits or Limits(), blocked)
            bot.platform = platform or RecordingPlatform()
            stack.push_async_callback(bot.live.aclose)
            await stack.enter_async_context(bot.answering.running())
            stack.enter_context(bot.answering.serving(bot.platform))
            return bot

        yield make
