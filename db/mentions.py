"""Mentions, as the reply rows remember them: how many came lately, and the newest with their answers.

Owns no row and changes none: db.replies does. Knows no limit.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import feedback
from db.feedback import Thumbs
from db.models import Channel, Member, Persona, Reply, Workspace
from db.models.talking import ReplyStatus


@dataclass(frozen=True, slots=True)
class ReplySummary:
    """A reply as people see it; `asked` holds mentions as `<@member:ID>`, both texts are gone when it is deleted."""

    id: int
    at: datetime
    workspace: str
    channel: str
    persona: str
    asker: str
    status: ReplyStatus
    asked: str
    text: str | None
    thumbs: Thumbs


async def of_member(session: AsyncSession, member_id: int, since: datetime, limit: int) -> list[datetime]:
    """When a member asked, newest first, wherever it was and whatever became of it."""
    return await _times(session, Reply.asker_id == member_id, since, limit)


async def in_channel(session: AsyncSession, channel_id: int, since: datetime, limit: int) -> list[datetime]:
    """When anyone asked in a channel, newest first."""
    return await _times(session, Reply.channel_id == channel_id, since, limit)


async def _times(session: AsyncSession, whose: ColumnElement[bool], since: datetime, limit: int) -> list[datetime]:
    times = select(Reply.created_at).where(whose, Reply.created_at > since).order_by(Reply.created_at.desc())
    return list(await session.scalars(times.limit(limit)))


async def directs(session: AsyncSession, platform: str, since: datetime, limit: int) -> list[str]:
    """The direct messages in which anyone asked, by the platform's ids, the latest first."""
    latest = func.max(Reply.created_at)
    found = await session.scalars(
        select(Channel.platform_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .join(Reply, Reply.channel_id == Channel.id)
        .where(Workspace.platform == platform, Channel.name.startswith("@"), Reply.created_at > since)
        .group_by(Channel.platform_id)
        .order_by(latest.desc())
        .limit(limit)
    )
    return list(found)


async def waiting(session: AsyncSession, member_id: int, now: datetime) -> int:
    """How many of a member's questions wait or are being answered; what a dead process held does not count."""
    lives = (Reply.status == "queued") | ((Reply.status == "answering") & (Reply.lease_until > now))
    count = select(func.count()).select_from(Reply).where(Reply.asker_id == member_id, lives)
    return await session.scalar(count) or 0


async def queue(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """How many questions wait, and how many are being answered."""
    alive = (Reply.status == "answering") & (Reply.lease_until > now)
    waits = (Reply.status == "queued") | ((Reply.status == "answering") & (Reply.lease_until <= now))
    waiting = await session.scalar(select(func.count()).select_from(Reply).where(waits))
    answering = await session.scalar(select(func.count()).select_from(Reply).where(alive))
    return waiting or 0, answering or 0


async def latest(session: AsyncSession, limit: int) -> list[ReplySummary]:
    """Newest first."""
    found = await session.execute(
        select(Reply, Workspace.name, Channel.name, Persona.name, Member.name)
        .join(Channel, Channel.id == Reply.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .join(Persona, Persona.id == Reply.persona_id)
        .join(Member, Member.id == Reply.asker_id)
        .order_by(Reply.id.desc())
        .limit(limit)
    )
    rows = found.all()
    thumbs = await feedback.thumbs(session, [row[0].id for row in rows])
    return [
        ReplySummary(
            id=reply.id,
            at=reply.created_at,
            workspace=place,
            channel=channel,
            persona=persona,
            asker=asker,
            status=reply.status,
            asked=reply.asked,
            text=reply.text,
            thumbs=thumbs.get(reply.id, Thumbs()),
        )
        for reply, place, channel, persona, asker in rows
    ]
