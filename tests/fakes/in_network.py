"""A bot in a pretended network: rows, a scripted engine, and what stands between them and any network.

Owns putting these together. Knows no network and no model.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from bot.chat.collecting.live import Collecting
from bot.chat.commands.asked import Around
from bot.chat.desk import Desk
from bot.chat.feedback import Feedback
from bot.chat.inbox import Inbox
from bot.chat.keeping import Keeper, Pauses
from bot.chat.platform import Messenger
from bot.chat.replying.alternatives import Alternatives
from bot.chat.replying.answering import Answering
from bot.chat.replying.blocklist import Blocklist
from bot.chat.replying.reply import Limits, Replier
from bot.chat.replying.router import Router
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
from db import personas
from db.models import Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine, weightless

SLOW = "one two three four five six seven eight"  # an answer that has time to grow


class InNetwork:
    """`engine` says what is scripted; `said` is what whoever started the bot would read."""

    def __init__(
        self, sessions: Sessions, folder: Path, engine: ScriptedEngine, limits: Limits, lease: timedelta
    ) -> None:
        self.sessions, self.engine = sessions, engine
        self.said: list[str] = []

        async def open_engine(base: str) -> ScriptedEngine:
            return engine

        self.live = LiveAdapters(sessions, Engines(weightless, open_engine), folder)
        self.there: dict[str, Messenger] = {}
        replier = Replier(sessions, self.live, limits, Blocklist(()))
        alternatives = Alternatives(sessions, replier, self.there)
        self.desk = Desk(Around(sessions, self.live, alternatives=alternatives))
        self.answering = Answering(sessions, replier, f"test-{uuid.uuid4()}", at_once=80, lease=lease)
        self.router = Router(sessions, self.answering.wake)
        self.inbox = Inbox(self.router, Collecting(sessions), Feedback(sessions))

    @asynccontextmanager
    async def serving(self, platform: Messenger, pauses: Pauses | None) -> AsyncGenerator[None]:
        """Answers are given, and the network is served, within this block."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.live.aclose)
            await stack.enter_async_context(self.answering.running())
            self.there[platform.name] = platform
            stack.enter_context(self.answering.serving(platform))
            on_event = partial(self.inbox.on_event, platform)
            self.keeper = Keeper(platform, on_event, self.said.append, pauses or Pauses(0.1, 0.2, 0.2))
            kept = asyncio.create_task(self.keeper.keep())
            stack.push_async_callback(_ended, kept)
            yield

    async def replies(self) -> list[Reply]:
        async with reading(self.sessions) as session:
            return list(await session.scalars(select(Reply).order_by(Reply.id)))

    async def done(self, count: int = 1, seconds: float = 10.0) -> list[Reply]:
        """The replies, when so many have ended."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.replies()
                if sum(one.status not in ("queued", "answering") for one in found) >= count:
                    return found
                await asyncio.sleep(0.02)


async def with_persona(sessions: Sessions) -> None:
    """One that answers, unless there is one."""
    async with transaction(sessions) as session:
        if not await personas.every(session):
            await community.persona(session, datetime.now(UTC), sampling={"max_new_tokens": 8000})


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
