"""What members type, press and fill in: handed to the desk, and its answers shown."""

from bot.chat.desk import Desk
from bot.chat.platform import OnEvent
from bot.platforms.discord.client import Client


class Interactions:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def listen(self, client: Client, on_event: OnEvent) -> None:
        """Commands come next."""
