"""Reviews: a channel's messages as people look through them, leaf by leaf.

Owns the order and the search. Knows nothing of what a review state means for training.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import members
from db.messages import NoSuchMessage, Reviewable
from db.models import Channel, Member, Message, MessageRevision
from db.models.text import Review
from db.searching import contains
from db.transcript import mentioned, with_names
from db.words import say

LEAF = 50  # messages
_CURRENT = (MessageRevision.message_id == Message.id) & (MessageRevision.number == Message.revision)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Up to LEAF messages, newest first, and how many there are on all leaves."""

    messages: Sequence[Reviewable]
    total: int


async def leaf(session: AsyncSession, channel: Channel, review: Review | None, wanted: str, number: int) -> Leaf:
    """The leaf of this number, from 0, of a channel's messages in a review state (None: any) that contain `wanted`.

    Members who are mentioned stand there by name.
    """
    conditions = _conditions(channel, review, wanted)
    total = await session.scalar(
        select(func.count()).select_from(Message).join(MessageRevision, _CURRENT).where(*conditions)
    )
    return Leaf(await _shown(session, conditions, LEAF, LEAF * number), total or 0)


async def _shown(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], limit: int, offset: int
) -> list[Reviewable]:
    rows = await session.execute(
        select(Message, MessageRevision.text, Member.name)
        .join(MessageRevision, _CURRENT)
        .outerjoin(Member, Member.id == Message.member_id)
        .where(*conditions)
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(limit)
        .offset(offset)
    )
    found = rows.all()
    known = await members.names(session, {one for _, text, _ in found for one in mentioned(text)})
    return [Reviewable(m.id, m.at, name or "", with_names(text, known), m.review) for m, text, name in found]


async def pending(session: AsyncSession, channel: Channel, older_than: int | None, limit: int) -> Leaf:
    """The newest messages of a channel that nobody has looked at and that are older than that one (None: all).

    So that looking goes on where it stopped, whatever was decided meanwhile.
    """
    conditions = _conditions(channel, "pending", "")
    total = await session.scalar(select(func.count()).select_from(Message).where(*conditions))
    last = await session.get(Message, older_than) if older_than is not None else None
    if last is not None:
        conditions.append((Message.at < last.at) | ((Message.at == last.at) & (Message.id < last.id)))
    return Leaf(await _shown(session, conditions, limit, 0), total or 0)


async def seen(session: AsyncSession, channel: Channel, platform_id: str) -> int:
    """The row of a message that its network calls so. Raises NoSuchMessage."""
    found = await session.scalar(
        select(Message.id).where(
            Message.channel_id == channel.id, Message.platform_id == platform_id, Message.deleted_at.is_(None)
        )
    )
    if found is None:
        raise NoSuchMessage(_not_kept(channel))
    return found


def _not_kept(channel: Channel) -> str:
    if channel.state == "closed":
        return say(
            "This message is not kept, for {channel} is closed; `yamabiko channel approve` opens it.",
            channel=channel.name,
        )
    return say("This message is not kept: a bot's, or one that has not been read yet.")


def _conditions(channel: Channel, review: Review | None, wanted: str) -> list[ColumnElement[bool]]:
    conditions = [Message.channel_id == channel.id, Message.deleted_at.is_(None)]
    if review is not None:
        conditions.append(Message.review == review)
    if wanted.strip():
        conditions.append(contains(MessageRevision.text, wanted.strip()))
    return conditions
