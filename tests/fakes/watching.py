"""What of a bot keeps control messages, look by look.

Owns the order of looks. Knows no network.
"""

import asyncio
from functools import partial

from bot.chat.control import Control
from bot.chat.desk import Desk
from bot.chat.platform import Messenger
from bot.chat.refreshing import Refreshing
from bot.chat.verbs import watching


class Watching:
    """A process of its own: it remembers nothing of others."""

    def __init__(self, desk: Desk, platform: Messenger, first_wait_s: float = 0.0) -> None:
        around = desk._around
        self.pages = Refreshing(partial(watching.changes, around.sessions))
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
