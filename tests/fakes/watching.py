"""What of a bot keeps control messages, look by look, and what came of it.

Owns the order of looks. Knows no network.
"""

import asyncio
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from bot.chat.control import Control
from bot.chat.desk import Desk
from bot.chat.platform import Messenger
from bot.chat.refreshing import Refreshing
from bot.chat.verbs.watching import changes
from db.models import ControlMessage
from db.session import reading, transaction
from tests.fakes.counter import Counter
from tests.fakes.square import Post, Square


class Watching:
    """A process of its own: it remembers nothing of others."""

    def __init__(self, desk: Desk, platform: Messenger, first_wait_s: float = 0.0) -> None:
        around = desk._around
        self.pages = Refreshing(partial(changes, around.sessions))
        self._control = Control({platform.name: platform}, around, self.pages, first_wait_s=first_wait_s)

    async def looks(self, times: int = 1) -> None:
        """Post, delete and show anew what there is to."""
        for _ in range(times):
            await self.begins()
            await self.pages.refresh()

    async def begins(self) -> None:
        """Post and delete, without showing anything anew."""
        await asyncio.gather(*await self.looked(), return_exceptions=True)

    async def looked(self) -> list[asyncio.Task[None]]:
        """What is being done after a look."""
        return await self._control.look()


def watching(counter: Counter, square: Square, first_wait_s: float = 0.0) -> Watching:
    """A process that keeps control messages in the square."""
    return Watching(counter.desk, square, first_wait_s)


def posts(square: Square) -> list[Post]:
    return [post for channel in square.posts.values() for post in channel]


async def rows(counter: Counter) -> list[ControlMessage]:
    async with reading(counter.sessions) as session:
        return list(await session.scalars(select(ControlMessage).order_by(ControlMessage.id)))


async def lease_ended(counter: Counter) -> None:
    """Whoever posts it is surely dead by now."""
    async with transaction(counter.sessions) as session:
        for one in await session.scalars(select(ControlMessage)):
            assert one.posting_until is not None
            one.posting_until -= timedelta(hours=1)
