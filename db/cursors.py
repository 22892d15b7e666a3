"""Cursors: how far each source was read, so that reading goes on after any interruption."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import BackfillCursor


async def position(session: AsyncSession, source: str) -> str | None:
    """The last part of a source that is wholly stored."""
    return await session.scalar(select(BackfillCursor.cursor).where(BackfillCursor.source == source))


async def advance(session: AsyncSession, source: str, cursor: str, now: datetime) -> None:
    found = await session.scalar(select(BackfillCursor).where(BackfillCursor.source == source))
    if found is None:
        session.add(BackfillCursor(source=source, cursor=cursor, updated_at=now))
    else:
        found.cursor, found.updated_at = cursor, now
