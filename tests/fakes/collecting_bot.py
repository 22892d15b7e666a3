"""What of a bot hears, tells and reads in a pretended network, over rows.

Owns opening channels there and looking at what is kept of them. Knows no network.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import select

from bot.chat.collecting.backfill import Backfill
from bot.chat.collecting.live import Collecting
from bot.chat.collecting.opening import Opening
from bot.chat.events import Event, Mention, Missed
from bot.chat.platform import Messenger
from bot.chat.verbs import text
from db import channels, workspaces
from db.backfills import Progress
from db.models import Channel, Member
from db.session import Sessions, reading, transaction
from tests.fakes.past import OWNER, progress, texts

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Place(Protocol):
    """A channel of a pretended network."""

    id: str
    name: str


class CollectingBot:
    """`workspace` is the network's own id of it."""

    def __init__(self, sessions: Sessions, network: Messenger, workspace: str) -> None:
        self.sessions, self.network, self.workspace = sessions, network, workspace
        there = {network.name: network}
        self.opening = Opening(sessions, there, 365, first_wait_s=0.0)
        self.backfill = Backfill(sessions, there, 365, first_wait_s=0.0)

    async def opens(self, channel: Place, *, training: bool = False) -> None:
        """An admin opens a channel that has been seen; everyone there is told, and its past is read."""
        await self.approves(channel, training=training)
        await self.works()

    async def approves(self, channel: Place, *, training: bool = False) -> int:
        async with transaction(self.sessions) as session:
            place = await workspaces.ensure(session, self.network.name, self.workspace, "Harbour", MORNING)
            number = (await channels.ensure(session, place, channel.id, channel.name, MORNING)).id
        await text.approve(self.sessions, OWNER, number, training)
        return number

    async def works(self) -> None:
        await asyncio.gather(*await self.opening.look())
        await asyncio.gather(*await self.backfill.look())

    async def row(self, channel: Place) -> Channel:
        async with reading(self.sessions) as session:
            return (await session.scalars(select(Channel).where(Channel.platform_id == channel.id))).one()

    async def progress(self, channel: Place) -> Progress | None:
        return await progress(self.sessions, (await self.row(channel)).id)

    async def texts(self) -> list[str]:
        return await texts(self.sessions)


@asynccontextmanager
async def listening(sessions: Sessions, network: Messenger, workspace: str) -> AsyncGenerator[CollectingBot]:
    """A bot that is connected and hears."""
    collecting = Collecting(sessions)

    async def on_event(event: Event) -> None:
        name = type(event).__name__.lower()
        if not isinstance(event, Mention) and hasattr(collecting, name):
            await getattr(collecting, name)(event)
        if isinstance(event, Missed):
            connected.set()

    connected = asyncio.Event()
    running = asyncio.create_task(network.run(on_event))
    async with asyncio.timeout(20):
        await connected.wait()
    try:
        yield CollectingBot(sessions, network, workspace)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def member(sessions: Sessions, platform_id: str) -> Member:
    async with reading(sessions) as session:
        return (await session.scalars(select(Member).where(Member.platform_id == platform_id))).one()
