"""When we were last in a network that tells nothing twice: how far it was heard."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import BackfillCursor


async def heard(session: AsyncSession, network: str) -> datetime | None:
    """None: never, as far as we know."""
    return await session.scalar(select(BackfillCursor.updated_at).where(BackfillCursor.source == _source(network)))


async def hear(session: AsyncSession, network: str, now: datetime) -> None:
    found = await session.scalar(select(BackfillCursor).where(BackfillCursor.source == _source(network)))
    if found is None:
        session.add(BackfillCursor(source=_source(network), cursor="", updated_at=now))
    else:
        found.updated_at = now


def _source(network: str) -> str:
    return f"heard:{network}"
