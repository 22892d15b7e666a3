"""Queries of who watches: a run's points, who asked for it, whether anybody works, what went live, all at a glance.

Changes nothing. Knows no verb.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.heartbeat import standings
from bot.chat.keeping import Standing
from bot.chat.verbs.authority import Actor, query
from db import adapters, heartbeats, members, overview, pauses, personas, runs
from db.coded import shown
from db.overview import Candidate, Here, Kept, Queue
from db.session import Sessions, reading
from db.words import say

LATELY = timedelta(days=1)
_AT_ONCE = 1000  # points; more are asked for anew, so that a long run holds nobody up


@dataclass(frozen=True, slots=True)
class Point:
    """One optimiser step of one attempt of a run; `loss` in nats per target token."""

    attempt: int
    step: int
    loss: float


@dataclass(frozen=True, slots=True)
class ActivationReport:
    at: datetime
    adapter: int | None
    previous: int | None
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Myself:
    """What a member sees of themselves: how much is kept, and where they are."""

    kept: Kept
    here: list[Here]


@dataclass(frozen=True, slots=True)
class Glance:
    """What whoever runs the bot sees first; `failures` are reasons with how often, of the last day like the runs.

    `troubles` are the networks that are not served now, or not in full, and why.
    """

    queue: Queue
    trainer_alive: bool
    candidates: list[Candidate]
    failures: list[tuple[str, int]]
    failed_runs: list[tuple[int, str, str]]
    troubles: list[tuple[str, str]]
    paused: list[str | None]  # channels' names, None for everything
    opened: list[Here]


def _why(standing: Standing) -> str | None:
    return standing.trouble or (shown("trouble", standing.lack) if standing.lack else None)


async def changes(sessions: Sessions) -> Hashable:
    """Something that differs as soon as a page at a glance would."""
    async with reading(sessions) as session:
        return await overview.mark(session)


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


@query("member")
async def list_networks(session: AsyncSession, actor: Actor) -> list[Standing]:
    """How each network does, as the bots that live say."""
    return await standings(session, datetime.now(UTC)) or []


@query("member")
async def list_activations(session: AsyncSession, actor: Actor, persona: str) -> list[ActivationReport]:
    """Newest first. Raises NoSuchPersona."""
    found = await personas.named(session, persona)
    history = await personas.activations(session, found.id)
    ids = {i for row in history for i in (row.adapter_id, row.previous_adapter_id) if i is not None}
    rows = await adapters.by_id(session, ids)

    def number(adapter_id: int | None) -> int | None:
        return rows[adapter_id].number if adapter_id is not None else None

    return [
        ActivationReport(row.at, number(row.adapter_id), number(row.previous_adapter_id), row.by, row.why)
        for row in history
    ]


@query("member")
async def myself(session: AsyncSession, actor: Actor, workspace: int, limit: int = 12) -> Myself:
    """Of the member who asks and of nobody else; `workspace` is the row they ask from."""
    member = int(actor.name.removeprefix("member:"))
    return Myself(
        await overview.kept(session, member),
        await overview.where_a_member_is(session, workspace, member, limit),
    )


@query("curator")
async def glance(session: AsyncSession, actor: Actor, workspace: int, limit: int = 5) -> Glance:
    """At most `limit` of each kind; channels are those of the workspace."""
    now = datetime.now(UTC)
    return Glance(
        queue=await overview.queue(session, now),
        trainer_alive=bool(await heartbeats.alive(session, "trainer", now)),
        candidates=await overview.candidates(session, limit),
        failures=await overview.failures(session, now - LATELY, limit),
        failed_runs=await overview.failed_runs(session, now - LATELY, limit),
        troubles=[(one.network, why) for one in await standings(session, now) or () if (why := _why(one))],
        paused=await pauses.places(session),
        opened=await overview.opened(session, workspace, 3 * limit),
    )
