"""The bot's heartbeat: a row that says it lives, which networks it is in, and what it could not load.

Owns the row's form and its beat. Knows no network.
"""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.keeping import Standing
from db import heartbeats
from db.session import Sessions, transaction

log = structlog.get_logger()

PROGRAM = "bot"
EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the bot does: its networks, and why a persona's live adapter is not loaded, by persona."""

    networks: Sequence[Standing]
    errors: dict[str, str]


@asynccontextmanager
async def beating(sessions: Sessions, instance: str, pulse: Callable[[], Pulse]) -> AsyncGenerator[None]:
    """The row is there within this block, and says how things are."""
    task = asyncio.create_task(_beat(sessions, instance, pulse))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with transaction(sessions) as session:
            await heartbeats.stop(session, PROGRAM, instance)


async def _beat(sessions: Sessions, instance: str, pulse: Callable[[], Pulse]) -> None:
    while True:
        try:
            async with transaction(sessions) as session:
                await heartbeats.beat(session, PROGRAM, instance, _state(pulse()), datetime.now(UTC))
        except Exception:
            log.exception("a heartbeat failed")  # whoever looks sees that it is missing
        await asyncio.sleep(EVERY_S)


def _state(pulse: Pulse) -> dict[str, Any]:
    return {"networks": [_written(one) for one in pulse.networks], "errors": dict(pulse.errors)}


def _written(standing: Standing) -> dict[str, Any]:
    heard = {kind: at.isoformat() for kind, at in standing.heard.items()}
    return {**dataclasses.asdict(standing), "since": standing.since and standing.since.isoformat(), "heard": heard}


async def standings(session: AsyncSession, now: datetime) -> list[Standing] | None:
    """How each network does, as the bots that live say; None when none lives."""
    alive = await heartbeats.alive(session, PROGRAM, now)
    return [_read(one) for row in alive for one in row.state.get("networks", [])] if alive else None


def _read(written: dict[str, Any]) -> Standing:
    since, heard = written["since"], written["heard"]
    return Standing(
        written["network"],
        datetime.fromisoformat(since) if since else None,
        written["trouble"],
        {kind: datetime.fromisoformat(at) for kind, at in heard.items()},
        written.get("lack"),
    )
