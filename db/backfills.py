"""Backfills: how far the past of each opened channel was read, what was missed since, and what stands in the way.

Owns the cursors of channels. Knows no network.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import API_TEXT, BackfillCursor, Channel, Message, Workspace

EVERYTHING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")  # `back_to` of a channel read to its beginning
END = "end"  # the cursor of a channel whose past is read
_A_LITTLE = timedelta(microseconds=1)


class NotOurs(Exception):
    """The channel was closed, or someone else reads it by now; what was read is dropped."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`back_to` is None while nothing was read, and where everything was; `trouble` is a word of db.coded."""

    messages: int
    back_to: datetime | None
    done: bool
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Unread:
    """An opened channel with something left to read; `cursor` is None where reading has not begun."""

    workspace: Workspace
    channel: Channel
    cursor: BackfillCursor | None


async def progress(session: AsyncSession) -> dict[int, Progress]:
    """Of each channel whose past is read or was, by its row."""
    rows = await session.scalars(select(BackfillCursor).where(BackfillCursor.channel_id.is_not(None)))
    return {
        row.channel_id: Progress(
            row.messages, None if row.back_to == EVERYTHING else row.back_to, row.done_at is not None, row.trouble
        )
        for row in rows
        if row.channel_id is not None
    }


async def unread(session: AsyncSession, platforms: Collection[str]) -> list[Unread]:
    """Opened channels of these platforms whose people were told so, and of which something is to be read."""
    cursor = BackfillCursor
    rows = await session.execute(
        select(Workspace, Channel, cursor)
        .join(Channel, Channel.workspace_id == Workspace.id)
        .outerjoin(cursor, cursor.channel_id == Channel.id)
        .where(
            Workspace.platform.in_(platforms),
            Channel.state != "closed",
            Channel.noticed.is_not(None) & (Channel.noticed != "closed"),
            cursor.id.is_(None) | cursor.done_at.is_(None) | cursor.since.is_not(None),
        )
        .order_by(Channel.id)
    )
    return [Unread(workspace, channel, found) for workspace, channel, found in rows]


async def of(session: AsyncSession, channel_id: int, now: datetime) -> BackfillCursor:
    """The channel's cursor, at the newest message if it is new."""
    source = f"history:{channel_id}"
    found = await session.scalar(select(BackfillCursor).where(BackfillCursor.source == source))
    if found is None:
        found = BackfillCursor(source=source, channel_id=channel_id, cursor="", messages=0, updated_at=now)
        session.add(found)
        await session.flush()
    return found


async def still(session: AsyncSession, channel_id: int, cursor: str) -> BackfillCursor:
    """The channel's cursor, where it stands as we left it. Raises NotOurs."""
    found = await session.scalar(select(BackfillCursor).where(BackfillCursor.source == f"history:{channel_id}"))
    if found is None or found.cursor != cursor or found.done_at is not None:
        raise NotOurs("This page was read by someone else.")
    return found


async def forget(session: AsyncSession, channel_ids: Collection[int]) -> None:
    """Of channels that were closed: opened again, they are read anew, since nobody listened meanwhile."""
    await session.execute(delete(BackfillCursor).where(BackfillCursor.channel_id.in_(channel_ids)))


async def miss(session: AsyncSession, platform: str, now: datetime) -> None:
    """Something may have happened in this platform's channels since their newest messages; it is to be read again.

    Where that is being done already, `since` moves a little: who is at it sees that more was missed meanwhile.
    """
    cursors = await session.scalars(
        select(BackfillCursor)
        .join(Channel, Channel.id == BackfillCursor.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .where(Workspace.platform == platform, Channel.state != "closed", BackfillCursor.cursor != "")
    )
    for cursor in list(cursors):
        if cursor.since is None:
            cursor.since = await _newest(session, cursor.channel_id) or cursor.updated_at
        else:
            cursor.since -= _A_LITTLE


async def _newest(session: AsyncSession, channel_id: int | None) -> datetime | None:
    newest = select(func.max(Message.at)).where(Message.channel_id == channel_id, Message.provenance.in_(API_TEXT))
    return await session.scalar(newest)


async def caught_up(session: AsyncSession, channel_id: int, since: datetime) -> None:
    """All that was missed since then is read, unless more was missed meanwhile."""
    found = await session.scalar(select(BackfillCursor).where(BackfillCursor.source == f"history:{channel_id}"))
    if found is not None and found.since == since:
        found.since = None


async def trouble_of(session: AsyncSession, channel_id: int) -> str | None:
    """Why the channel cannot be read, as far as we know."""
    return await session.scalar(select(BackfillCursor.trouble).where(BackfillCursor.channel_id == channel_id))


async def tell(session: AsyncSession, channel_id: int, trouble: str | None, now: datetime) -> bool:
    """Keep why the channel cannot be read, or that it can; whether that is news.

    Of a channel that is closed nothing is kept.
    """
    channel = await session.get(Channel, channel_id)
    if channel is None or channel.state == "closed":
        return False
    cursor = await of(session, channel_id, now)
    is_news, cursor.trouble = cursor.trouble != trouble, trouble
    return is_news
