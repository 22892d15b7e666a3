"""Events that a network tells every process of ours: who takes one first, keeps the others from it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import TakenEvent

KEPT = timedelta(hours=1)  # no network tells of anything later than that


async def take(session: AsyncSession, network: str, event: str, now: datetime) -> bool:
    """Whether nobody has taken it before. Where two do at one moment, one fails with IntegrityError."""
    if await session.scalar(select(TakenEvent.at).where(TakenEvent.network == network, TakenEvent.event == event)):
        return False
    await session.execute(delete(TakenEvent).where(TakenEvent.at < now - KEPT))
    session.add(TakenEvent(network=network, event=event, at=now))
    await session.flush()
    return True
