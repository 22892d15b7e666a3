"""What a page shows at a glance: the queue, what failed lately, the newest candidates, and where a member is.

Owns these questions and no row. Knows no page.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db import mentions, replies
from db.models import (
    Activation,
    Adapter,
    Audit,
    Channel,
    Consent,
    Feedback,
    Heartbeat,
    Message,
    Pause,
    Persona,
    Reply,
    Run,
    RunPoint,
)
from db.models.text import ChannelState
from db.runs import OPEN


@dataclass(frozen=True, slots=True)
class Queue:
    """`oldest` is when the question was asked that has waited longest."""

    waiting: int
    answering: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Candidate:
    persona: str
    number: int
    figures: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Here:
    """A channel, and the persona that was chosen for it (None: the only one, or nobody)."""

    name: str
    persona: str | None
    state: ChannelState


async def queue(session: AsyncSession, now: datetime) -> Queue:
    waiting, answering = await mentions.queue(session, now)
    oldest = select(func.min(Reply.created_at)).where(Reply.status.in_(replies.OPEN))
    return Queue(waiting, answering, await session.scalar(oldest))


async def failures(session: AsyncSession, since: datetime, limit: int) -> list[tuple[str, int]]:
    """Why replies were not given, with how often, most often first. The reason may quote anything."""
    ended = Reply.status.in_(("failed", "apologised")) & (Reply.finished_at > since)
    rows = await session.execute(
        select(Reply.finish, func.count())
        .where(ended)
        .group_by(Reply.finish)
        .order_by(func.count().desc())
        .limit(limit)
    )
    return [(why or "", count) for why, count in rows]


async def failed_runs(session: AsyncSession, since: datetime, limit: int) -> list[tuple[int, str, str]]:
    """Number, persona and reason of runs that failed, newest first."""
    rows = await session.execute(
        select(Run.id, Persona.name, Run.reason)
        .join(Persona, Persona.id == Run.persona_id)
        .where(Run.status == "failed", Run.finished_at > since)
        .order_by(Run.id.desc())
        .limit(limit)
    )
    return [(number, persona, why) for number, persona, why in rows]


async def candidates(session: AsyncSession, limit: int) -> list[Candidate]:
    """The newest adapters that nobody has promoted or rejected; none older than what is live."""
    speaks = aliased(Adapter)
    live = select(speaks.number).where(speaks.id == Persona.live_adapter_id).scalar_subquery()
    rows = await session.execute(
        select(Persona.name, Adapter)
        .join(Persona, Persona.id == Adapter.persona_id)
        .where(
            Adapter.state == "candidate",
            Adapter.base == Persona.base,
            Adapter.number > func.coalesce(live, 0),
            Persona.deleted_at.is_(None),
        )
        .order_by(Adapter.id.desc())
        .limit(limit)
    )
    return [Candidate(persona, one.number, one.figures, one.created_at) for persona, one in rows]


async def where_a_member_is(session: AsyncSession, workspace_id: int, member_id: int, limit: int) -> list[Here]:
    """Channels in which they have asked or written something: of others they may not even know."""
    asked = select(Reply.channel_id).where(Reply.asker_id == member_id)
    wrote = select(Message.channel_id).where(Message.member_id == member_id, Message.deleted_at.is_(None))
    return await _channels(session, workspace_id, or_(Channel.id.in_(asked), Channel.id.in_(wrote)), limit)


async def opened(session: AsyncSession, workspace_id: int, limit: int) -> list[Here]:
    return await _channels(session, workspace_id, Channel.state != "closed", limit)


async def _channels(session: AsyncSession, workspace_id: int, which: ColumnElement[bool], limit: int) -> list[Here]:
    rows = await session.execute(
        select(Channel.name, Persona.name, Channel.state)
        .outerjoin(Persona, (Persona.id == Channel.persona_id) & Persona.deleted_at.is_(None))
        .where(Channel.workspace_id == workspace_id, which)
        .order_by(Channel.name)
        .limit(limit)
    )
    return [Here(name, persona, state) for name, persona, state in rows]


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of a member's is kept."""

    messages: int
    questions: int
    thumbs: int


async def kept(session: AsyncSession, member_id: int) -> Kept:
    async def count(*which: ColumnElement[bool]) -> int:
        return await session.scalar(select(func.count()).where(*which)) or 0

    return Kept(
        await count(Message.member_id == member_id, Message.deleted_at.is_(None)),
        await count(Reply.asker_id == member_id, Reply.asked != ""),
        await count(Feedback.member_id == member_id),
    )


async def mark(session: AsyncSession) -> Hashable:
    """Something that differs as soon as anything of the above has changed, or what admins can change."""
    newest = await session.execute(
        select(
            select(func.max(Audit.id)).scalar_subquery(),
            select(func.max(Activation.id)).scalar_subquery(),
            select(func.max(Consent.id)).scalar_subquery(),
            select(func.max(Feedback.id)).scalar_subquery(),
            select(func.max(Adapter.id)).scalar_subquery(),
            select(func.max(Reply.id)).scalar_subquery(),
            select(func.max(Run.finished_at)).scalar_subquery(),
            select(func.max(Run.id)).scalar_subquery(),
            select(func.max(Pause.id)).scalar_subquery(),
            select(func.count(Heartbeat.id)).scalar_subquery(),
        )
    )
    steps = func.max(RunPoint.attempt * 1_000_000 + RunPoint.step)
    going = await session.execute(
        select(Run.id, Run.status, Run.phase, Run.cancel_requested_at, steps)
        .outerjoin(RunPoint, RunPoint.run_id == Run.id)
        .where(Run.status.in_(OPEN))
        .group_by(Run.id)
        .order_by(Run.id)
    )
    waiting = await session.execute(
        select(Reply.status, func.count())
        .where(Reply.status.in_((*replies.OPEN, "failed", "apologised")))
        .group_by(Reply.status)
        .order_by(Reply.status)
    )
    return (tuple(newest.one()), *(tuple(row) for row in going), *(tuple(row) for row in waiting))
