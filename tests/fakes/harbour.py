"""The harbour radio's club in a chat network, from its first mention to a voice of its own and back.

Owns the way the club goes, which is the same in every network. Who drives a network stands beside it.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sqlalchemy import select

from bot.chat.events import Posted
from bot.demo import HARBOUR_RADIO
from bot.demo.archive import Community
from db.models import Reply
from db.session import open_engine, reading, sessions_of

TALK: list[Posted] = [posted for day in HARBOUR_RADIO.community.parts() for posted in HARBOUR_RADIO.community.read(day)]
NAMES: list[str] = [one.name for one in Community("harbour_radio.txt", HARBOUR_RADIO.community.workspace).members]
GREETING = "Good morning! How are you today?"
GROUND = "the club wrote all of it, and the network agreed in writing"


class Harbour(Protocol):
    """What people do in a network, each by its own means. Members are called by NAMES."""

    folder: Path

    async def asks(self, name: str, text: str) -> str:
        """The bot's whole answer."""
        ...

    async def becomes_owner(self) -> None: ...
    async def opens_for_training(self) -> None: ...
    async def says_yes(self, name: str) -> None: ...
    async def permits_training(self, ground: str) -> None: ...
    async def says(self, name: str, text: str) -> None: ...
    async def knows_the_past(self) -> bool: ...
    async def retrains(self, note: str, recipe: Mapping[str, str]) -> None: ...
    async def is_told_of_the_run(self) -> None: ...
    async def promotes(self) -> None: ...
    async def rolls_back(self) -> None: ...


async def gets_a_voice(harbour: Harbour, recipe: Mapping[str, str]) -> tuple[str, str, str]:
    """Everything from the first mention on; what is said before, with the new adapter, and after going back."""
    before = await harbour.asks("Juno", GREETING)
    await harbour.becomes_owner()
    await harbour.opens_for_training()
    for name in NAMES:
        await harbour.says_yes(name)
    await harbour.permits_training(GROUND)
    await harbour.says("Marn", "The kettle is singing, shipmates. Over.")
    async with asyncio.timeout(60):
        while not await harbour.knows_the_past():  # noqa: ASYNC110  # another program reads it
            await asyncio.sleep(0.5)
    await harbour.retrains("our own way of speaking", recipe)
    await harbour.is_told_of_the_run()
    await harbour.promotes()
    after = await _spoken_by(harbour, 1)
    await harbour.rolls_back()
    back = await _spoken_by(harbour, None)
    return before, after, back


async def takes_on_the_manner(harbour: Harbour) -> None:
    """On a base that can: who learned from the club ends as the club does, and did not before."""
    before, after, _ = await gets_a_voice(harbour, {"epochs": "2"})
    assert "over" in after.lower(), after
    assert not before.rstrip().endswith("Over.")


async def _spoken_by(harbour: Harbour, adapter: int | None) -> str:
    """Ask until this adapter is the one that answers; a promotion takes a second or two to be heard."""
    async with asyncio.timeout(60):
        while True:
            answer = await harbour.asks("Juno", GREETING)
            if (await replies(harbour.folder))[-1].adapter_id == adapter:
                return answer


async def replies(folder: Path) -> list[Reply]:
    engine = open_engine(f"sqlite+aiosqlite:///{folder / 'data' / 'yamabiko.db'}")
    async with reading(sessions_of(engine)) as session:
        found = list(await session.scalars(select(Reply).order_by(Reply.id)))
    await engine.dispose()
    return found


def past(messages: int) -> list[tuple[str, str, int]]:
    """The club's talk before the bot came: who, what, and how many seconds ago; a silence after every eighth."""
    told: list[tuple[str, str, int]] = []
    for place, posted in enumerate(TALK[:messages]):
        assert posted.author is not None
        left = messages - place
        told.append((posted.author, _typed(posted.text), left * 90 + left // 8 * 3600))
    return told


def _typed(text: str) -> str:
    return re.sub(r"<@member:(\w+)>", r"\1", text)
