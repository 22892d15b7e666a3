"""Feedback: one member's thumb on one reply, the latest of which counts.

Owns the rows. Knows no network and no sentence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Feedback, Reply


@dataclass(frozen=True, slots=True)
class Thumbs:
    """How many members thought well of a reply, and how many did not."""

    up: int = 0
    down: int = 0


async def given(session: AsyncSession, reply_id: int, member_id: int) -> int | None:
    """The member's thumb: 1, -1 or none. The reply is ours alone until the transaction ends."""
    await session.execute(select(Reply.id).where(Reply.id == reply_id).with_for_update())
    return await session.scalar(
        select(Feedback.value).where(Feedback.reply_id == reply_id, Feedback.member_id == member_id)
    )


async def give(session: AsyncSession, reply_id: int, member_id: int, value: int, now: datetime) -> None:
    """Keep a thumb, 1 or -1, in the place of an earlier one."""
    if await given(session, reply_id, member_id) is not None:
        await _forget(session, reply_id, member_id)
    session.add(Feedback(reply_id=reply_id, member_id=member_id, value=value, at=now))
    await session.flush()


async def take_back(session: AsyncSession, reply_id: int, member_id: int, value: int) -> bool:
    """Forget a thumb if it is this one; whether it was. A newer one, of the other kind, stays."""
    if await given(session, reply_id, member_id) != value:
        return False
    await _forget(session, reply_id, member_id)
    return True


async def _forget(session: AsyncSession, reply_id: int, member_id: int) -> None:
    await session.execute(delete(Feedback).where(Feedback.reply_id == reply_id, Feedback.member_id == member_id))


async def thumbs(session: AsyncSession, reply_ids: Collection[int]) -> dict[int, Thumbs]:
    """By reply; those without any are absent."""
    rows = await session.execute(
        select(Feedback.reply_id, Feedback.value, func.count())
        .where(Feedback.reply_id.in_(reply_ids))
        .group_by(Feedback.reply_id, Feedback.value)
    )
    counted: dict[int, dict[int, int]] = {}
    for reply_id, value, count in rows:
        counted.setdefault(reply_id, {})[value] = count
    return {reply_id: Thumbs(count.get(1, 0), count.get(-1, 0)) for reply_id, count in counted.items()}
