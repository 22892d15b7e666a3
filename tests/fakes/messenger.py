"""A chat network with private messages, that keeps what it was asked to send.

Owns nothing but the record. Knows no network.
"""

from collections.abc import Sequence

from bot.chat.cards import Card
from bot.chat.events import ChannelSeen, Posted, Thread, WorkspaceSeen
from bot.chat.platform import Page
from tests.fakes.platform import RecordingPlatform


class RecordingMessenger(RecordingPlatform):
    """`written` are cards by (workspace, member), in order; `refuses` is what writing to a member raises."""

    def __init__(self, name: str = "slack") -> None:
        super().__init__()
        self.name = name
        self.written: list[tuple[str, str, Card]] = []
        self.refuses: dict[str, Exception] = {}

    def connected(self) -> bool:
        return True

    async def thread(self, to: Thread) -> Sequence[Posted]:
        return ()

    async def history(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        return Page((), None)

    async def write(self, workspace: str, channel: str, card: Card) -> str:
        self.written.append((workspace, channel, card))
        return f"card {len(self.written)}"

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        if member in self.refuses:
            raise self.refuses[member]
        self.written.append((workspace, member, card))
