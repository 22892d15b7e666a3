"""Reviews: a channel's messages as people look through them, leaf by leaf.

Owns the order and the search. Knows nothing of what a review state means for training.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import members
from db.messages import Reviewable
from db.models import Channel, Member, Message, MessageRevision
from db.models.text import Review
from db.searching import contains
from db.transcript import mentioned, with_names

LEAF = 50  # messages


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
    current = (MessageRevision.message_id == Message.id) & (MessageRevision.number == Message.revision)
    total = await session.scalar(
        select(func.count()).select_from(Message).join(MessageRevision, current).where(*conditions)
    )
    rows = await session.execute(
        select(Message, MessageRevision.text, Member.name)
        .join(MessageRevision, current)
        .outerjoin(Member, Member.id == Message.member_id)
        .where(*conditions)
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(LEAF)
        .offset(LEAF * number)
    )
    found = rows.all()
    known = await members.names(session, {one for _, text, _ in found for one in mentioned(text)})
    shown = [Reviewable(m.id, m.at, name or "", with_names(text, known), m.review) for m, text, name in found]
    return Leaf(shown, total or 0)


def _conditions(channel: Channel, review: Review | None, wanted: str) -> list[ColumnElement[bool]]:
    conditions = [Message.channel_id == channel.id, Message.deleted_at.is_(None)]
    if review is not None:
        conditions.append(Message.review == review)
    if wanted.strip():
        conditions.append(contains(MessageRevision.text, wanted.strip()))
    return conditions
