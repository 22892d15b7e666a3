"""Cards that the bot writes unasked, in channels and in private."""

from bot.chat.cards import Card
from bot.platforms.discord.connection import Connection


class Writing:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def write(self, channel: str, card: Card, nonce: str = "") -> str:
        raise NotImplementedError

    async def written(self, channel: str, nonce: str) -> str | None:
        raise NotImplementedError

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        raise NotImplementedError
