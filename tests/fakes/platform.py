"""A chat network that keeps what it was asked to show and tell.

Owns nothing but the record and ready-made mentions. Knows no network.
"""

import asyncio
import itertools
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from bot.chat.events import ChannelSeen, MemberSeen, Mention, Thread, WorkspaceSeen
from bot.chat.platform import Draft, OnEvent

_number = itertools.count(1)


class RecordingPlatform:
    """`shown` are whole texts by nonce, `pieces` what came one by one, `said` the bot's own sentences among them.

    `told` are sentences in private, `places` where something was shown. `waits` seconds pass before the first
    piece is taken, as in a network that posts a placeholder first. `fails` is raised by the next `show` or
    `remove`.
    """

    name = "slack"

    def __init__(self, waits: float = 0.0) -> None:
        self.sitting: str | None = None
        self.shown: dict[str, str] = {}
        self.pieces: list[str] = []
        self.said: list[str] = []
        self.told: list[str] = []
        self.places: list[Thread] = []
        self.found: list[str] = []
        self.fails: Exception | None = None
        self.removed: list[str] = []
        self._waits = waits

    def lacks(self) -> None:
        return None

    async def run(self, on_event: OnEvent) -> None:
        await on_event(mention())

    async def show(self, to: Thread, draft: Draft) -> str:
        await asyncio.sleep(self._waits)
        self.places.append(to)
        self._fail()
        text = ""
        async for piece in draft.pieces:
            await draft.ours()
            text += piece
            self.pieces.append(piece)
            if self.shown.setdefault(draft.nonce, "") == "":
                await draft.on_shown(f"shown:{draft.nonce}")
            self.shown[draft.nonce] = text
        if draft.kind == "sentence":
            self.said.append(text)
        self.shown[draft.nonce] = text
        return f"shown:{draft.nonce}"

    async def find(self, to: Thread, nonce: str, others: Collection[str] = ()) -> str | None:
        self.found.append(nonce)
        return f"shown:{nonce}" if nonce in self.shown else None

    async def tell(self, to: Thread, sentence: str) -> None:
        self.told.append(sentence)

    async def remove(self, to: Thread, ref: str) -> None:
        self._fail()
        self.shown.pop(ref.removeprefix("shown:"), None)
        self.removed.append(ref)

    def _fail(self) -> None:
        if self.fails is not None:
            failure, self.fails = self.fails, None
            raise failure


def mention(text: str = "hello", author: str | MemberSeen = "Ann", **changed: Any) -> Mention:
    """A mention in Harbour/general with an id of its own."""
    values: dict[str, Any] = {
        "workspace": WorkspaceSeen("slack", "T1", "Harbour"),
        "channel": ChannelSeen("C1", "general"),
        "author": MemberSeen(author, author) if isinstance(author, str) else author,
        "id": f"m{next(_number)}",
        "text": text,
        "at": datetime.now(UTC),
    }
    return Mention(**{**values, **changed})
