"""Notices: what someone must hear; the trainer writes them, the bot delivers them."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Notice


def leave(session: AsyncSession, to: str, kind: str, values: dict[str, Any], now: datetime) -> None:
    session.add(Notice(to=to, kind=kind, values=values, created_at=now))


async def undelivered(session: AsyncSession, to: str) -> list[Notice]:
    """What `to` has not heard yet, oldest first."""
    return list(
        await session.scalars(select(Notice).where(Notice.delivered_at.is_(None), Notice.to == to).order_by(Notice.id))
    )
