"""One database, one network, and workers that begin and end.

Owns the rows' ways from asked to ended, as tests follow them. Knows no model.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from bot.chat.events import Mention
from bot.chat.replying.answering import Answering
from bot.chat.replying.reply import Limits, Replier
from bot.chat.replying.router import Router
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
from db import replies
from db.models import Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine, weightless
from tests.fakes.platform import RecordingPlatform, mention

SHORT = timedelta(seconds=0.3)
NOW = datetime.now(UTC)


@asynccontextmanager
async def opened_town(sessions: Sessions, folder: Path, now: datetime) -> AsyncGenerator["Town"]:
    """With one persona; its workers end with the block."""
    async with transaction(sessions) as session:
        await community.persona(session, now)
    async with AsyncExitStack() as stack:
        yield Town(sessions, folder, stack)


class Town:
    """One database and one network; workers that begin and end."""

    def __init__(self, sessions: Sessions, folder: Path, stack: AsyncExitStack) -> None:
        self.sessions, self._folder, self._stack = sessions, folder, stack
        self.platform = RecordingPlatform()

    async def worker(
        self, engine: ScriptedEngine, *platforms, limits: Limits | None = None, at_once: int = 8, lease=SHORT
    ) -> Answering:
        async def open_engine(base: str) -> ScriptedEngine:
            return engine

        live = LiveAdapters(self.sessions, Engines(weightless, open_engine), self._folder)
        replier = Replier(self.sessions, live, limits or Limits())
        answering = Answering(self.sessions, replier, "w", at_once=at_once, lease=lease)
        await self._stack.enter_async_context(answering.running())
        for platform in platforms or (self.platform,):
            self._stack.enter_context(answering.serving(platform))
        return answering

    async def asked(self, wanted: Mention | None = None) -> int:
        reply_id = await Router(self.sessions, lambda: None).on_mention(self.platform, wanted or mention())
        assert reply_id is not None
        return reply_id

    async def dies_while_answering(self, reply_id: int) -> None:
        """As a killed process leaves it, its lease lapsed."""
        reach, then = [replies.Reach("slack", None, NOW)], NOW - 2 * SHORT
        async with transaction(self.sessions) as session:
            (one,) = await replies.claim(session, "dead", reach, then, 1, SHORT)
            assert one.reply.id == reply_id

    async def change(self, reply_id: int, **values: object) -> None:
        async with transaction(self.sessions) as session:
            await session.execute(update(Reply).where(Reply.id == reply_id).values(**values))

    async def reply(self, reply_id: int) -> Reply:
        async with reading(self.sessions) as session:
            return await session.get_one(Reply, reply_id)

    async def ended(self, reply_id: int) -> Reply:
        return await self.until(reply_id, lambda reply: reply.finished_at is not None)

    async def until(self, reply_id: int, is_so: Callable[[Reply], bool]) -> Reply:
        async with asyncio.timeout(20):
            while True:
                if is_so(reply := await self.reply(reply_id)):
                    return reply
                await asyncio.sleep(0.02)
