"""The face every chat network shows to the chat rooms. Owns the protocol; knows no network."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from bot.chat.events import Mention

OnMention = Callable[[Mention], Awaitable[None]]


class Platform(Protocol):
    """What a network must do; it grows with the networks that come."""

    name: str

    async def run(self, on_mention: OnMention) -> None:
        """Hand over every mention until the network, or the person, is done."""
        ...

    async def show(self, to: Mention, pieces: AsyncIterator[str], nonce: str) -> str:
        """Show text as it grows; a reference by which the platform finds it again."""
        ...

    async def tell(self, to: Mention, sentence: str) -> None:
        """Say something of the bot's own to the one who asked."""
        ...
