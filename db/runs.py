"""Runs: the trainer's queue, with leases that lapse and attempts that fence.

Owns every change of a run's state. Knows no process and no model.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import fence
from db.models import Adapter, Persona, Run, RunPoint
from db.models.learning import RunStatus
from db.words import say

LEASE = timedelta(seconds=30)
OPEN: tuple[RunStatus, ...] = ("queued", "running")


class NoSuchRun(Exception):
    """There is no such run; `yamabiko runs` shows them."""


class RunLost(Exception):
    """Another attempt has taken over this run; the present one must stop and write nothing."""


class RunUnderWay(Exception):
    """The persona has a run already; wait for it or cancel it."""


async def enqueue(
    session: AsyncSession,
    persona: Persona,
    *,
    kind: str,
    by: str,
    note: str,
    settings: dict[str, Any],
    now: datetime,
) -> Run:
    """Raises RunUnderWay when the persona's last run of this kind has not ended."""
    open_run = await session.scalar(
        select(Run.id).where(Run.persona_id == persona.id, Run.kind == kind, Run.status.in_(OPEN))
    )
    if open_run is not None:
        raise RunUnderWay(
            say(
                "Run {run} of {persona} has not ended; wait for it, or `yamabiko cancel {run}`.",
                run=open_run,
                persona=persona.name,
            )
        )
    run = Run(
        persona_id=persona.id,
        kind=kind,
        requested_by=by,
        note=note,
        settings=settings,
        phase="",
        reason="",
        created_at=now,
    )
    session.add(run)
    await session.flush()
    return run


async def claim(session: AsyncSession, worker: str, now: datetime) -> Run | None:
    """The oldest run that waits, or whose worker fell silent, as the next attempt of `worker`."""
    free = or_(Run.status == "queued", (Run.status == "running") & (Run.lease_until < now))
    wanted = select(Run.id).where(free).order_by(Run.id).limit(1).with_for_update(skip_locked=True)
    run_id = await session.scalar(wanted)
    if run_id is None:
        return None
    taken = await session.scalars(
        update(Run)
        .where(Run.id == run_id, free)
        .values(
            status="running",
            attempt=Run.attempt + 1,
            claimed_by=worker,
            lease_until=now + LEASE,
            started_at=func.coalesce(Run.started_at, now),
        )
        .returning(Run)
        .execution_options(populate_existing=True)
    )
    return taken.first()


async def renew(session: AsyncSession, run: Run, now: datetime, phase: str | None = None) -> bool:
    """Keep the lease; True when the run is asked to stop. Raises RunLost when it is no longer ours."""
    values: dict[str, Any] = {"lease_until": now + LEASE}
    if phase is not None:
        values["phase"] = phase
    await _as_current_attempt(session, run, values)
    asked = await session.scalar(select(Run.cancel_requested_at).where(Run.id == run.id))
    return asked is not None


async def end(session: AsyncSession, run: Run, status: RunStatus, reason: str, now: datetime, **values: Any) -> None:
    """Write the outcome. Raises RunLost when another attempt took over."""
    await _as_current_attempt(
        session,
        run,
        {"status": status, "reason": reason, "finished_at": now, "lease_until": None, "phase": "", **values},
    )


async def release(session: AsyncSession, run: Run) -> None:
    """Hand a run back to the queue, to be taken up where its checkpoint stands. Raises RunLost."""
    await _as_current_attempt(session, run, {"status": "queued", "lease_until": None, "claimed_by": None})


async def keep(session: AsyncSession, run: Run, **values: Any) -> None:
    """Write a fact learned on the way (its dataset). Raises RunLost."""
    await _as_current_attempt(session, run, values)


async def _as_current_attempt(session: AsyncSession, run: Run, values: dict[str, Any]) -> None:
    if not await fence.written(session, run, "running", values):
        raise RunLost(f"Run {run.id} was taken over by another attempt.")


def add_point(session: AsyncSession, run: Run, event: dict[str, Any], now: datetime) -> None:
    """Keep a step's figures, as the training child reports them."""
    session.add(
        RunPoint(
            run_id=run.id,
            attempt=run.attempt,
            step=event["step"],
            steps=event["steps"],
            loss=event["loss"],
            tokens_per_second=event["tokens_per_second"],
            seconds_left=event["seconds_left"],
            at=now,
        )
    )


async def request_cancel(session: AsyncSession, run_id: int, now: datetime) -> Run:
    """A queued run is cancelled at once, a running one is asked to stop. Raises NoSuchRun."""
    run = await by_id(session, run_id)
    if run.status == "queued":
        run.status, run.reason, run.finished_at = "cancelled", say("cancelled before it began"), now
    elif run.status == "running":
        run.cancel_requested_at = now
    await session.flush()
    return run


async def cancel_open(session: AsyncSession, persona_id: int, now: datetime) -> None:
    """Cancel whatever a persona still has in the queue or under way."""
    for run_id in await session.scalars(select(Run.id).where(Run.persona_id == persona_id, Run.status.in_(OPEN))):
        await request_cancel(session, run_id, now)


async def by_id(session: AsyncSession, run_id: int) -> Run:
    """Raises NoSuchRun."""
    found = await session.get(Run, run_id, populate_existing=True)
    if found is None:
        raise NoSuchRun(say("There is no run {run}; `yamabiko runs` shows them.", run=run_id))
    return found


@dataclass(frozen=True, slots=True)
class RunSummary:
    run: Run
    persona: str
    point: RunPoint | None  # the latest
    adapter: Adapter | None


async def summaries(session: AsyncSession, persona_id: int | None = None, limit: int = 20) -> list[RunSummary]:
    """The newest runs first."""
    query = _with_persona().order_by(Run.id.desc()).limit(limit)
    if persona_id is not None:
        query = query.where(Run.persona_id == persona_id)
    return [
        RunSummary(run, name, await latest_point(session, run.id), adapter)
        for run, name, adapter in (await session.execute(query)).all()
    ]


async def summary(session: AsyncSession, run_id: int) -> RunSummary:
    """Raises NoSuchRun."""
    found = (await session.execute(_with_persona().where(Run.id == run_id))).first()
    if found is None:
        raise NoSuchRun(say("There is no run {run}; `yamabiko runs` shows them.", run=run_id))
    run, name, adapter = found
    return RunSummary(run, name, await latest_point(session, run_id), adapter)


def _with_persona() -> Select[Run, str, Adapter]:
    joined = select(Run, Persona.name, Adapter).join(Persona, Persona.id == Run.persona_id)
    return joined.outerjoin(Adapter, Adapter.run_id == Run.id)


async def latest_point(session: AsyncSession, run_id: int) -> RunPoint | None:
    return await session.scalar(
        select(RunPoint)
        .where(RunPoint.run_id == run_id)
        .order_by(RunPoint.attempt.desc(), RunPoint.step.desc())
        .limit(1)
    )


async def points(
    session: AsyncSession, run_id: int, after: tuple[int, int] = (0, -1), limit: int | None = None
) -> list[RunPoint]:
    """The first `limit` (None: all) points of a run after `(attempt, step)`, in order."""
    attempt, step = after
    return list(
        await session.scalars(
            select(RunPoint)
            .where(
                RunPoint.run_id == run_id,
                or_(RunPoint.attempt > attempt, (RunPoint.attempt == attempt) & (RunPoint.step > step)),
            )
            .order_by(RunPoint.attempt, RunPoint.step)
            .limit(limit)
        )
    )
