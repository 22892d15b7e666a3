"""What is written in opened channels becomes rows; what is deleted there leaves them.

Owns which messages are kept at all. Knows no network.
"""

from typing import Literal

from bot.chat.events import Erased, Left, Written
from db.session import Sessions

ApiText = Literal["slack_api", "discord_api"]


class Collecting:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def written(self, event: Written) -> None:
        """Keep a message of an opened channel, or its new text."""

    async def erased(self, event: Erased) -> None:
        """What is gone there is gone here."""

    async def left(self, event: Left) -> None:
        """Nothing of this workspace is collected any more: its channels are closed."""
