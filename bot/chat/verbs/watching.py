"""Queries of who watches a run: its points as they come, who asked for it, and whether anybody works.

Changes nothing. Knows no verb.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, query
from db import heartbeats, members, runs
from db.words import say

_AT_ONCE = 1000  # points; more are asked for anew, so that a long run holds nobody up


@dataclass(frozen=True, slots=True)
class Point:
    """One optimiser step of one attempt of a run; `loss` in nats per target token."""

    attempt: int
    step: int
    loss: float


@query("member")
async def run_points(
    session: AsyncSession, actor: Actor, run: int, after: tuple[int, int] = (0, -1), limit: int = _AT_ONCE
) -> list[Point]:
    """The next points of a run after `(attempt, step)`, in order; none when there are no more yet."""
    rows = await runs.points(session, run, after, limit)
    return [Point(row.attempt, row.step, row.loss) for row in rows]


@query("member")
async def who(session: AsyncSession, actor: Actor, names: Collection[str]) -> dict[str, str]:
    """What people call those whom rows keep as "member:ID" and "shell:USER"."""
    ids = {name: int(name.partition(":")[2]) for name in names if name.startswith("member:")}
    called = await members.names(session, ids.values())
    return {
        name: called.get(ids[name], say("someone")) if name in ids else name.removeprefix("shell:") for name in names
    }


@query("member")
async def is_trainer_alive(session: AsyncSession, actor: Actor) -> bool:
    return bool(await heartbeats.alive(session, "trainer", datetime.now(UTC)))
