"""Many people who ask at once, in any pretended network."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

Asked = TypeVar("Asked")


class Asking(Protocol[Asked]):
    """Someone who mentions the bot in a channel, and gives the message."""

    async def mention(self, channel: Any, text: str) -> Asked: ...


async def ask_all(people: Sequence[Asking[Asked]], rooms: Sequence[object], asked: list[Asked], until: int) -> None:
    """Twenty a second, of everyone in every room, until so many were asked."""
    while len(asked) < until:
        number = len(asked)
        asked.append(await people[number % len(people)].mention(rooms[number % len(rooms)], f"Question {number}?"))
        await asyncio.sleep(0.05)
