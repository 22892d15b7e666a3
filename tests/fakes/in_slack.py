"""A bot in the pretended Slack: rows, a scripted engine, and the real SDK between them.

Owns putting these together, and finding what it says. Knows no model.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.chat.commands.asked import Call
from bot.chat.desk import Desk
from bot.chat.events import Thread
from bot.chat.keeping import Pauses
from bot.chat.replying.reply import Limits
from bot.platforms.slack.checks import Keys
from bot.platforms.slack.pace import Pace
from bot.platforms.slack.page import Publish
from bot.platforms.slack.platform import Slack
from db import replies
from db.session import Sessions
from tests.fakes.engine import ScriptedEngine
from tests.fakes.in_network import SLOW, InNetwork, with_persona
from tests.fakes.slack import Channel, FakeSlack, Message

__all__ = ["SCALE", "SLOW", "InSlack", "in_slack", "place_of", "streaming"]

SCALE = 0.05  # as the pretended Slack shortens its minute


class InSlack(InNetwork):
    platform: Slack


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
    await with_persona(sessions)
    bot = InSlack(sessions, folder, ScriptedEngine(answers, **engine), limits or Limits(), lease)
    keys = Keys(slack.bot_token, slack.app_token, transport, slack.signing_secret, slack.api)
    bot.platform = Slack(bot.desk, keys, look_at=partial(_look_at, bot.desk), pace=Pace(scale=SCALE))
    async with bot.serving(bot.platform, pauses):
        await slack.until(bot.platform.connected)
        if transport == "http":
            slack.deliver_to(bot.platform.address)
        yield bot


async def _look_at(desk: Desk, call: Call, publish: Publish) -> None:
    await publish(await desk.home(call))


async def streaming(slack: FakeSlack, channel: Channel) -> Message:
    """The answer that grows there, as soon as it is seen."""
    return await slack.until(lambda: next((one for one in slack.bot_posts(channel) if one.stream), None))


def place_of(slack: FakeSlack, channel: Channel, thread: Message, message: str) -> Thread:
    """Where the answer to a message stands."""
    return Thread("slack", slack.team, channel.id, thread.ts, message, "U1", "echo")
