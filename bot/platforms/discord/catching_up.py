"""What was asked while nobody listened: Discord tells it to no new session, so it is looked for.

Owns where is looked, how far back and how fast. What is handed over a second time does no harm.
"""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime

import discord
import structlog

from bot.chat.attendance import Attendance
from bot.chat.platform import OnEvent
from bot.platforms.discord.client import HERE, Client
from bot.platforms.discord.hearing import Mentions

log = structlog.get_logger()

BETWEEN_S = 0.2  # two channels: answering goes first
MOST = 1000  # messages of one channel
NOTED_S = 15.0  # between two notes that we are there


class CatchingUp:
    def __init__(self, mentions: Mentions, attendance: Attendance) -> None:
        self._mentions, self._attendance = mentions, attendance
        self._turn = asyncio.Lock()  # one channel at a time, whatever comes at once
        self._first = asyncio.Lock()
        self._looking = 0
        self._before: datetime | None = None  # since when the first session has missed what was asked

    def listen(self, client: Client, on_event: OnEvent) -> None:
        attends = False

        async def guild(guild: discord.Guild) -> None:
            with self._looks():
                since = await self._since(client)
                await self._look(client, on_event, _channels(guild, since), since)

        async def here() -> None:
            nonlocal attends
            with self._looks():
                since = await self._since(client)
                channels = [client.get_partial_messageable(int(one)) for one in await self._attendance.directs()]
                await self._look(client, on_event, channels, since)
            if not attends:  # a client has many sessions, one after the other
                attends = True
                client.begin(self._attend(client))

        client.hear("guild_available", guild)
        client.hear(HERE, here)

    async def _since(self, client: Client) -> datetime:
        """When we were last there: this process knows, or the rows did before we came."""
        if client.presence.before is not None:
            return await self._attendance.since(client.presence.before)
        async with self._first:
            self._before = self._before or await self._attendance.since()
        return self._before

    async def _attend(self, client: Client) -> None:
        """Note that we are there, but not while something that was missed may yet be found."""
        while True:
            try:
                if client.stands and not self._looking:
                    await self._attendance.note()
            except Exception as error:
                log.warning("that we are in Discord could not be noted", why=repr(error))
            await asyncio.sleep(1.0 if self._looking else NOTED_S)

    @contextmanager
    def _looks(self) -> Generator[None]:
        self._looking += 1
        try:
            yield
        finally:
            self._looking -= 1

    async def _look(
        self, client: Client, on_event: OnEvent, channels: Sequence[discord.abc.Messageable], since: datetime
    ) -> None:
        trouble: Exception | None = None
        for channel in channels:
            async with self._turn:
                try:
                    written = [one async for one in channel.history(limit=MOST, after=since, oldest_first=True)]
                    for message in written:
                        if message.edited_at is not None and message.created_at > client.began:
                            continue  # it was heard as it was written, and an edit asks nothing
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
