"""What was asked while nobody listened: Discord tells it to no new session, so it is looked for.

Owns where is looked, how far back and how fast. What is handed over a second time does no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import discord
import structlog

from bot.chat.platform import OnEvent
from bot.platforms.discord.client import HERE, Client
from bot.platforms.discord.hearing import Mentions

log = structlog.get_logger()

SLACK = timedelta(seconds=10)  # clocks differ, and what was heard last may have come before what was not
BETWEEN_S = 0.2  # two channels: answering goes first
MOST = 1000  # messages of one channel

Directs = Callable[[], Awaitable[Sequence[str]]]  # the direct messages of those who asked lately


class CatchingUp:
    """`patience` is how old a question may be that is still answered."""

    def __init__(self, mentions: Mentions, patience: timedelta, directs: Directs) -> None:
        self._mentions, self._patience, self._directs = mentions, patience, directs
        self._turn = asyncio.Lock()  # one channel at a time, whatever comes at once

    def listen(self, client: Client, on_event: OnEvent) -> None:
        async def guild(guild: discord.Guild) -> None:
            await self._look(client, on_event, _channels(guild, self._since(client)))

        async def here() -> None:
            ids = await self._directs()
            await self._look(client, on_event, [client.get_partial_messageable(int(one)) for one in ids])

        client.hear("guild_available", guild)
        client.hear(HERE, here)

    def _since(self, client: Client) -> datetime:
        """When we were last there, as far as this process knows."""
        earliest, before = datetime.now(UTC) - self._patience, client.presence.before
        return earliest if before is None else max(earliest, before - SLACK)

    async def _look(self, client: Client, on_event: OnEvent, channels: Sequence[discord.abc.Messageable]) -> None:
        trouble: Exception | None = None
        for channel in channels:
            async with self._turn:
                try:
                    since = self._since(client)
                    written = [one async for one in channel.history(limit=MOST, after=since, oldest_first=True)]
                    for message in written:
                        await self._mentions.hear(client, on_event, message)
                except (discord.Forbidden, discord.NotFound):
                    log.info("a channel could not be looked through for questions", channel=str(channel))
                except Exception as error:  # the other channels are looked through all the same
                    trouble = error
                await asyncio.sleep(BETWEEN_S)
        if trouble is not None:
            raise trouble


def _channels(guild: discord.Guild, since: datetime) -> list[discord.abc.Messageable]:
    """Those in which something was written since, as far as we may read them; the latest first."""
    asked: list[tuple[int, discord.abc.Messageable]] = []
    for one in (*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *guild.threads):
        last = one.last_message_id
        if last is None or discord.utils.snowflake_time(last) < since:
            continue
        if _may_read(one):
            asked.append((last, one))
    return [channel for _, channel in sorted(asked, key=lambda pair: -pair[0])]


def _may_read(channel: discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread) -> bool:
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return True  # Discord will say
    may = channel.permissions_for(channel.guild.me)
    return may.read_messages and may.read_message_history
