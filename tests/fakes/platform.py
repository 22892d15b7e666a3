"""A chat network that keeps what it was asked to show and tell.

Owns nothing but the record and ready-made mentions. Knows no network.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from bot.chat.events import ChannelSeen, MemberSeen, Mention, WorkspaceSeen
from bot.chat.platform import OnMention

_number = itertools.count(1)


class RecordingPlatform:
    """`shown` are whole texts by nonce, `pieces` what came one by one, `told` the bot's own sentences.

    `waits` seconds pass before the first piece is taken, as a network that posts a placeholder first.
    """

    name = "recording"

    def __init__(self, waits: float = 0.0) -> None:
        self.shown: dict[str, str] = {}
        self.pieces: list[str] = []
        self.told: list[str] = []
        self._waits = waits

    async def run(self, on_mention: OnMention) -> None:
        await on_mention(mention())

    async def show(self, to: Mention, pieces: AsyncIterator[str], nonce: str) -> str:
        await asyncio.sleep(self._waits)
        begun = len(self.pieces)
        async for piece in pieces:
            self.pieces.append(piece)
        self.shown[nonce] = "".join(self.pieces[begun:])
        return f"shown:{nonce}"

    async def tell(self, to: Mention, sentence: str) -> None:
        self.told.append(sentence)


def mention(text: str = "hello", author: str = "Ann", **changed: Any) -> Mention:
    """A mention in Harbour/general with an id of its own."""
    values: dict[str, Any] = {
        "workspace": WorkspaceSeen("slack", "T1", "Harbour"),
        "channel": ChannelSeen("C1", "general"),
        "author": MemberSeen(author, author),
        "id": f"m{next(_number)}",
        "text": text,
        "at": datetime.now(UTC),
    }
    return Mention(**{**values, **changed})
