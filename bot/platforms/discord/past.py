"""What stands in a channel of Discord's."""

from bot.chat.events import ChannelSeen, WorkspaceSeen
from bot.chat.platform import Page
from bot.platforms.discord.connection import Connection


class Past:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        return Page((), None)
