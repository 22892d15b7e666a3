"""Pauses: where the bot answers nobody for the moment, in one channel or everywhere.

Owns the rows. Knows no verb and no sentence.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Channel, Pause


async def begin(session: AsyncSession, channel_id: int | None, by: str, now: datetime) -> None:
    """Pause a channel, or everything (None); the latest who did counts."""
    await end(session, channel_id)
    session.add(Pause(channel_id=channel_id, by=by, at=now))
    await session.flush()


async def end(session: AsyncSession, channel_id: int | None) -> bool:
    """Whether there was such a pause. A channel's own outlives that of everything, and the other way round."""
    here = Pause.channel_id.is_not_distinct_from(channel_id)
    return bool((await session.scalars(delete(Pause).where(here).returning(Pause.id))).all())


async def hold(session: AsyncSession, channel_id: int) -> bool:
    """Whether the channel is paused, by itself or with everything."""
    here = (Pause.channel_id == channel_id) | Pause.channel_id.is_(None)
    return await session.scalar(select(Pause.id).where(here).limit(1)) is not None


async def places(session: AsyncSession) -> list[str | None]:
    """The paused channels' names, and None where everything is paused."""
    found = await session.scalars(select(Channel.name).select_from(Pause).outerjoin(Channel).order_by(Pause.id))
    return list(found)
