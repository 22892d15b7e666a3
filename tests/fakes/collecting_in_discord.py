"""A bot that hears, tells and reads in the pretended Discord.

Owns putting the real SDK between rows and the fake.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from bot.chat.attendance import Attendance
from bot.chat.commands.asked import Around
from bot.chat.desk import Desk
from bot.chat.keeping import Pauses
from bot.chat.platform import NotReached
from bot.networks import open_channels
from bot.platforms.discord.platform import Discord
from db.session import Sessions
from tests.fakes import collecting_bot
from tests.fakes.collecting_bot import CollectingBot, Place
from tests.fakes.discord import FakeDiscord

WHOLE = Pauses(0.05, 0.2, 0.2, 0.0)


class CollectingInDiscord(CollectingBot):
    async def approves(self, channel: Place, *, training: bool = False) -> int:
        """Returns when Discord has given or refused what people write there."""
        number = await super().approves(channel, training=training)
        await self.lack()
        return number

    async def lack(self) -> str | None:
        """Why what people write does not come, as soon as that is known."""
        async with asyncio.timeout(5):
            while True:
                try:
                    return self.network.lacks()
                except NotReached:
                    await asyncio.sleep(0.01)

    async def heard(self, there: FakeDiscord) -> None:
        """Returns when all that happened was told to the bot, and taken."""
        await there.settled()
        client = cast(Any, self.network)._connection.client
        async with asyncio.timeout(5):
            while client._hearing:  # noqa: ASYNC110  # each ends by itself
                await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(sessions: Sessions, there: FakeDiscord) -> AsyncGenerator[CollectingInDiscord]:
    network = Discord(
        Desk(Around(sessions, cast(Any, SimpleNamespace()))),
        Attendance(sessions, "discord"),
        there.token,
        there.api,
        there.link,
        opened=partial(open_channels, sessions),
        pauses=WHOLE,
    )
    async with collecting_bot.listening(sessions, network, there.guild.id) as bot:
        yield CollectingInDiscord(bot.sessions, bot.network, bot.workspace)
