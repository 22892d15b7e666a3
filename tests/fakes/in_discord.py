"""A bot in the pretended Discord: rows, a scripted engine, and the real SDK between them.

Owns putting these together, and finding what it says. Knows no model.
"""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.chat.attendance import Attendance
from bot.chat.events import Thread
from bot.chat.keeping import Pauses
from bot.chat.replying.reply import Limits
from bot.platforms.discord.pace import Pace
from bot.platforms.discord.platform import Discord
from db import replies
from db.session import Sessions
from tests.fakes.discord import Channel, FakeDiscord, Message
from tests.fakes.engine import ScriptedEngine
from tests.fakes.in_network import SLOW, InNetwork, with_persona

__all__ = ["SCALE", "SLOW", "InDiscord", "growing", "in_discord", "place_of"]

SCALE = 0.05  # as the pretended Discord shortens its seconds
QUICK = Pauses(0.05, 0.2, 0.2, 0.0)


class InDiscord(InNetwork):
    platform: Discord


@asynccontextmanager
async def in_discord(
    sessions: Sessions,
    folder: Path,
    discord: FakeDiscord,
    *answers: str,
    limits: Limits | None = None,
    pauses: Pauses | None = None,
    lease: timedelta = replies.LEASE,
    token: str | None = None,
    connected: bool = True,
    opened: Collection[int] = (),
    **engine,
) -> AsyncGenerator[InDiscord]:
    """The bot, connected; `opened` are the channels that it would collect from."""
    await with_persona(sessions)
    bot = InDiscord(sessions, folder, ScriptedEngine(answers, **engine), limits or Limits(), lease)
    where = (Attendance(sessions, "discord"), token or discord.token, discord.api, discord.link)

    async def collected() -> Collection[int]:
        return opened

    bot.platform = Discord(bot.desk, *where, pace=Pace(scale=SCALE), pauses=pauses or QUICK, opened=collected)
    async with bot.serving(bot.platform, pauses):
        if connected:
            await discord.until(bot.platform.connected)
        yield bot


async def growing(discord: FakeDiscord, channel: Channel) -> Message:
    """The answer that is shown there, as soon as it is seen."""
    return await discord.until(lambda: next(iter(discord.bot_posts(channel)), None))


def place_of(discord: FakeDiscord, channel: Channel, message: Message, thread: Channel | None = None) -> Thread:
    """Where the answer to a message stands."""
    guild = channel.guild or discord.guild.id
    return Thread("discord", guild, channel.id, thread.id if thread else None, message.id, message.author, "echo")
