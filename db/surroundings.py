"""What was written around a mention, in channels that an admin opened.

Owns which messages a reply may be given beside earlier replies: those that stand, of members who are not blocked.
Knows no network.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Block, Channel, Member, Message, MessageRevision, Reply


@dataclass(frozen=True, slots=True)
class Said:
    """A message that is a row; `text` holds mentions of members by row."""

    id: int
    platform_id: str
    member_id: int | None
    at: datetime
    text: str


async def is_open(session: AsyncSession, channel_id: int) -> bool:
    state = await session.scalar(select(Channel.state).where(Channel.id == channel_id))
    return state not in (None, "closed")


async def in_thread(session: AsyncSession, reply: Reply, since: datetime, limit: int) -> list[Said]:
    """The latest of the mention's thread before it, its first message among them; oldest first."""
    thread = (Message.thread == reply.thread) | (Message.platform_id == reply.thread)
    return await _before(session, reply, thread & (Message.at > since), limit)


async def lately(session: AsyncSession, reply: Reply, since: datetime, limit: int) -> list[Said]:
    """The latest of the channel outside threads; oldest first."""
    outside = Message.thread.is_(None) | (Message.thread == Message.platform_id)
    return await _before(session, reply, outside & (Message.at >= since), limit)


async def among(session: AsyncSession, reply: Reply, platform_ids: Collection[str]) -> list[Said]:
    """Those of these messages of the channel, by the network's ids, that are rows; oldest first."""
    return await _before(session, reply, Message.platform_id.in_(platform_ids), len(platform_ids))


async def _before(session: AsyncSession, reply: Reply, which: ColumnElement[bool], limit: int) -> list[Said]:
    rows = await session.execute(
        select(Message.id, Message.platform_id, Message.member_id, Message.at, MessageRevision.text)
        .join(
            MessageRevision, (MessageRevision.message_id == Message.id) & (MessageRevision.number == Message.revision)
        )
        .where(
            Message.channel_id == reply.channel_id,
            which,
            Message.platform_id != reply.platform_message_id,
            Message.at <= reply.created_at,
            Message.deleted_at.is_(None),
            Message.member_id.is_(None) | Message.member_id.not_in(select(Block.member_id)),
        )
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(limit)
    )
    return [Said(*row) for row in reversed(rows.all())]


async def rows_of(session: AsyncSession, channel_id: int, platform_ids: Collection[str]) -> dict[str, int]:
    """The rows of those of these people whom we know, by the network's id."""
    workspace = select(Channel.workspace_id).where(Channel.id == channel_id).scalar_subquery()
    known = select(Member.platform_id, Member.id).where(
        Member.workspace_id == workspace, Member.platform_id.in_(platform_ids)
    )
    return dict((await session.execute(known)).all())


async def blocked(session: AsyncSession, member_ids: Collection[int]) -> set[int]:
    return set(await session.scalars(select(Block.member_id).where(Block.member_id.in_(member_ids))))
