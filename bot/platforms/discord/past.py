"""What stands in a channel of Discord's."""

from collections.abc import Sequence

from bot.chat.events import ChannelSeen, Thread, WorkspaceSeen, Written
from bot.chat.platform import Page
from bot.platforms.discord.connection import Connection


class Past:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def thread(self, to: Thread) -> Sequence[Written]:
        return ()

    async def page(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        return Page((), None)
