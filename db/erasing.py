"""Messages that their authors deleted: their text is erased, and that they are gone is remembered.

Owns what is left of a deleted message: its row, without a word, so that no page of history read before brings it
back. One that was a question is forgotten by its reply's row too. What learned from it is found by lineage:
db.datasets.withdrawn.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import questions
from db.models import Channel, Message, MessageRevision
from db.models.text import Provenance
from db.redact import REDACTION_VERSION

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # of what was never held: no conversation goes on from there


async def erase(
    session: AsyncSession,
    channel: Channel,
    platform_ids: Sequence[str],
    provenance: Provenance,
    now: datetime,
    *,
    remember: bool = True,
) -> int:
    """How many messages of the channel were erased; to `remember`, of those it does not hold an empty row is left."""
    known = select(Message.platform_id, Message.id).where(
        Message.channel_id == channel.id, Message.platform_id.in_(platform_ids)
    )
    rows = dict((await session.execute(known)).all())
    for unknown in sorted(set(platform_ids) - rows.keys()) if remember else ():
        await _remember(session, channel, unknown, provenance, now)
    await questions.unask(session, channel.id, platform_ids)
    return await _erase(session, Message.id.in_(rows.values()), now)


async def erase_all(
    session: AsyncSession, channel: Channel, now: datetime, provenance: Provenance | None = None
) -> int:
    """How many messages were erased, which is all of the channel's, or all that came in one way."""
    await questions.unask(session, channel.id)
    came = true() if provenance is None else Message.provenance == provenance
    return await _erase(session, (Message.channel_id == channel.id) & came, now)


async def erase_thread(session: AsyncSession, channel: Channel, thread: str, now: datetime) -> int:
    """How many messages were erased, which is all that were written in the thread."""
    await questions.unask(session, channel.id, thread=thread)
    return await _erase(session, (Message.channel_id == channel.id) & (Message.thread == thread), now)


async def _erase(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> int:
    revisions = MessageRevision.message_id.in_(select(Message.id).where(which))
    await session.execute(
        update(MessageRevision).where(revisions).values(text=""), execution_options={"synchronize_session": False}
    )
    erased = await session.scalars(
        update(Message).where(which, Message.deleted_at.is_(None)).values(deleted_at=now).returning(Message.id),
        execution_options={"synchronize_session": False},
    )
    return len(erased.all())


async def _remember(
    session: AsyncSession, channel: Channel, platform_id: str, provenance: Provenance, now: datetime
) -> None:
    gone = Message(
        channel_id=channel.id,
        platform_id=platform_id,
        at=_LONG_AGO,
        conversation=platform_id,
        provenance=provenance,
        review="left_out",
        revision=1,
        deleted_at=now,
    )
    session.add(gone)
    await session.flush()
    empty = MessageRevision(message_id=gone.id, number=1, text="", redaction_version=REDACTION_VERSION, at=now)
    session.add(empty)
    await session.flush()


async def newest_row(session: AsyncSession, channel: Channel) -> int:
    """Messages kept later have a higher row."""
    return await session.scalar(select(func.max(Message.id)).where(Message.channel_id == channel.id)) or 0


async def absent(
    session: AsyncSession,
    channel: Channel,
    there: Collection[str],
    within: tuple[datetime, datetime],
    up_to_row: int,
    provenance: Provenance,
    *,
    in_order: bool = False,
) -> list[tuple[str, str | None]]:
    """Messages we hold of a span of time that are not `there` any more: the platform's ids, and of which thread.

    `there` are all that stand in that span, and all of the threads that begin with one of them; `in_order` all that
    stand in that span, in threads too. Only what came from the network is asked about: what an owner brought in from a
    file may be older than what the network keeps.
    """
    begins = true() if in_order else Message.thread.is_(None) | (Message.thread == Message.platform_id)
    rows = await session.execute(
        select(Message.platform_id, Message.thread, begins).where(
            Message.channel_id == channel.id,
            Message.deleted_at.is_(None),
            Message.provenance == provenance,
            Message.id <= up_to_row,
            Message.at >= within[0],
            (Message.at < within[1]) | ~begins,
        )
    )
    return [(one, thread) for one, thread, top in rows if one not in there and (top or thread in there)]
