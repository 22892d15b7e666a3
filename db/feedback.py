"""Feedback: one member's thumb on one reply, the latest of which counts.

Owns the rows, and what each stands for: a member may press a button and react to several posts of a reply in several
ways, and take back one of these. A mark is "+1 POST REACTION" or "-1 …"; the button's has no post. Knows no network
and no sentence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Feedback, Reply

BUTTON = "button"


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


async def give(
    session: AsyncSession, reply_id: int, member_id: int, value: int, now: datetime, reaction: str = BUTTON
) -> None:
    """Keep a thumb, 1 or -1, in the place of an earlier one; `reaction` ("POST REACTION") is what gave it."""
    marks: list[str] = []
    if await given(session, reply_id, member_id) is not None:
        marks = [mark for mark in await _marks(session, reply_id, member_id) if mark[3:] != reaction]
        await _forget(session, reply_id, member_id)
    marks.append(f"{value:+d} {reaction}")
    session.add(Feedback(reply_id=reply_id, member_id=member_id, value=value, marks=marks, at=now))
    await session.flush()


async def press(session: AsyncSession, reply_id: int, member_id: int, value: int, now: datetime) -> int | None:
    """A thumb's button counts when it is pressed, and no more when it is pressed again; what counts now."""
    before = await given(session, reply_id, member_id)
    marks = await _marks(session, reply_id, member_id)
    if f"{value:+d} {BUTTON}" in marks or (before == value and not marks):
        await unmark(session, reply_id, member_id, value, BUTTON, now)
    else:
        await give(session, reply_id, member_id, value, now)
    return await given(session, reply_id, member_id)


async def unmark(
    session: AsyncSession, reply_id: int, member_id: int, value: int, reaction: str, now: datetime
) -> None:
    """A reaction is gone: the one before it counts, and without any there is no thumb any more."""
    before = await given(session, reply_id, member_id)
    marks = await _marks(session, reply_id, member_id)
    if before == value and not marks:  # it was given before marks were kept
        await _forget(session, reply_id, member_id)
    elif (gone := f"{value:+d} {reaction}") in marks:
        await _put(session, reply_id, member_id, [mark for mark in marks if mark != gone], now)


async def clear(session: AsyncSession, reply_id: int, post: str, reaction: str | None, now: datetime) -> None:
    """A post's reactions are gone, everybody's: all of them, or those of one kind."""
    await session.execute(select(Reply.id).where(Reply.id == reply_id).with_for_update())
    rows = (await session.scalars(select(Feedback).where(Feedback.reply_id == reply_id))).all()
    for member_id, marks in [(row.member_id, list(row.marks)) for row in rows]:
        left = [mark for mark in marks if not _is_of(mark, post, reaction)]
        if left != marks:
            await _put(session, reply_id, member_id, left, now)


def _is_of(mark: str, post: str, reaction: str | None) -> bool:
    return mark[3:].startswith(f"{post} ") if reaction is None else mark[3:] == f"{post} {reaction}"


async def _put(session: AsyncSession, reply_id: int, member_id: int, marks: list[str], now: datetime) -> None:
    """A new row, so that whoever watches the newest one sees a change."""
    await _forget(session, reply_id, member_id)
    if marks:
        value = int(marks[-1][:2])
        session.add(Feedback(reply_id=reply_id, member_id=member_id, value=value, marks=marks, at=now))
    await session.flush()


async def _marks(session: AsyncSession, reply_id: int, member_id: int) -> list[str]:
    theirs = Feedback.reply_id == reply_id, Feedback.member_id == member_id
    return list(await session.scalar(select(Feedback.marks).where(*theirs)) or ())


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
