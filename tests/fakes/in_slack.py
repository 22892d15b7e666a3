"""A bot in the pretended Slack: rows, a scripted engine, and the real SDK between them.

Owns putting these together, and finding what it says. Knows no model.
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
from bot.chat.commands.asked import Around, Call
from bot.chat.desk import Desk
from bot.chat.events import Thread
from bot.chat.feedback import Feedback
from bot.chat.inbox import Inbox
from bot.chat.keeping import Keeper, Pauses
from bot.chat.replying.answering import Answering
from bot.chat.replying.blocklist import Blocklist
from bot.chat.replying.reply import Limits, Replier
from bot.chat.replying.router import Router
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
from bot.platforms.slack.checks import Keys
from bot.platforms.slack.pace import Pace
from bot.platforms.slack.page import Publish
from bot.platforms.slack.platform import Slack
from db import personas, replies
from db.models import Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine, weightless
from tests.fakes.slack import Channel, FakeSlack, Message

SCALE = 0.05  # as the pretended Slack shortens its minute
SLOW = "one two three four five six seven eight"  # an answer that has time to grow


class InSlack:
    """`engine` says what is scripted; `said` is what whoever started the bot would read."""

    def __init__(
        self,
        sessions: Sessions,
        folder: Path,
        slack: FakeSlack,
        engine: ScriptedEngine,
        limits: Limits,
        lease: timedelta,
    ) -> None:
        self.sessions, self.slack, self.engine = sessions, slack, engine
        self.said: list[str] = []

        async def open_engine(base: str) -> ScriptedEngine:
            return engine

        self.live = LiveAdapters(sessions, Engines(weightless, open_engine), folder)
        replier = Replier(sessions, self.live, limits, Blocklist(()))
        self.answering = Answering(sessions, replier, f"test-{uuid.uuid4()}", at_once=80, lease=lease)
        self.router = Router(sessions, self.answering.wake)

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


@asynccontextmanager
async def in_slack(
    sessions: Sessions,
    folder: Path,
    slack: FakeSlack,
    *answers: str,
    transport: str = "socket",
    limits: Limits | None = None,
    pauses: Pauses | None = None,
    lease: timedelta = replies.LEASE,
    **engine,
) -> AsyncGenerator[InSlack]:
    """The bot, connected."""
    async with transaction(sessions) as session:
        if not await personas.every(session):
            await community.persona(session, datetime.now(UTC), sampling={"max_new_tokens": 8000})
    bot = InSlack(sessions, folder, slack, ScriptedEngine(answers, **engine), limits or Limits(), lease)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(bot.live.aclose)
        await stack.enter_async_context(bot.answering.running())
        keys = Keys(slack.bot_token, slack.app_token, transport, slack.signing_secret, slack.api)
        desk = Desk(Around(sessions, bot.live))
        bot.platform = Slack(desk, keys, look_at=partial(_look_at, desk), pace=Pace(scale=SCALE))
        inbox = Inbox(bot.router, Collecting(sessions), Feedback(sessions))
        stack.enter_context(bot.answering.serving(bot.platform))
        bot.keeper = Keeper(
            bot.platform, partial(inbox.on_event, bot.platform), bot.said.append, pauses or Pauses(0.1, 0.2, 0.2)
        )
        serving = asyncio.create_task(bot.keeper.keep())
        stack.push_async_callback(_ended, serving)
        await slack.until(bot.platform.connected)
        if transport == "http":
            slack.deliver_to(bot.platform.address)
        yield bot


async def _look_at(desk: Desk, call: Call, publish: Publish) -> None:
    await publish(await desk.home(call))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def streaming(slack: FakeSlack, channel: Channel) -> Message:
    """The answer that grows there, as soon as it is seen."""
    return await slack.until(lambda: next((one for one in slack.bot_posts(channel) if one.stream), None))


def place_of(slack: FakeSlack, channel: Channel, thread: Message, message: str) -> Thread:
    """Where the answer to a message stands."""
    return Thread("slack", slack.team, channel.id, thread.ts, message, "U1", "echo")
