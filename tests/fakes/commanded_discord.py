"""A bot in a pretended Discord whose desk says what a test wants.

Owns the connection of the real SDK. Knows no rows.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from discord import Message as Heard

from bot.chat.cards import Card
from bot.chat.desk import Desk
from bot.chat.events import Event
from bot.platforms.discord import naming
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.drawing import drawn
from bot.platforms.discord.homes import Homes
from bot.platforms.discord.interactions import Interactions
from tests.fakes.discord import Channel, FakeDiscord, Message, Person
from tests.fakes.script import ScriptedDesk


@dataclass
class Bot:
    """`events` is what was handed over, `noted` what was posted with what it is about."""

    discord: FakeDiscord
    desk: ScriptedDesk = field(default_factory=ScriptedDesk)
    events: list[Event] = field(default_factory=list[Event])
    noted: list[Heard] = field(default_factory=list[Heard])

    async def on_event(self, event: Event) -> None:
        self.events.append(event)

    def serve(self) -> Connection:
        listeners: list[Interactions] = []
        discord = self.discord
        self.connection = Connection(discord.token, discord.api, discord.link, listeners)
        homes = Homes(self.connection)
        listeners.append(Interactions(cast(Desk, self.desk), homes.of, self.noted.append))
        return self.connection

    async def says(self, channel: Channel, card: Card, workspace: str | None = None) -> Message:
        """A card that stands there for everyone."""
        where = self.connection.client.get_partial_messageable(int(channel.id))
        sent = await where.send(**drawn(card, workspace))
        return channel.messages[str(sent.id)]

    async def known(self) -> None:
        """Returns when Discord knows the commands."""
        await self.discord.until(lambda: naming.worded("`/yamabiko help`").startswith("<"))

    def shown(self, who: Person) -> str:
        """The newest thing that only this person sees."""
        return self.discord.rendered(who.ephemerals[-1])


@asynccontextmanager
async def connected(discord: FakeDiscord) -> AsyncGenerator[Bot]:
    """Whoever comes back is another process: nothing is remembered but what Discord keeps."""
    bot = Bot(discord)
    naming.forgotten()
    serving = asyncio.create_task(bot.serve().serve(bot.on_event))
    try:
        await discord.until(lambda: bot.connection.connected)
        await bot.known()
        yield bot
    finally:
        naming.forgotten()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
