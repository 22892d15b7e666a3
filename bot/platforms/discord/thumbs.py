"""Thumbs under our replies, as Discord tells of them.

Owns which reactions are thumbs. Keeps nothing.
"""

from bot.chat.platform import OnEvent
from bot.platforms.discord.client import Client


class Thumbs:
    def listen(self, client: Client, on_event: OnEvent) -> None:
        """Reactions come next."""
