"""Audit: which admin verb was carried out by whom. Never any message text."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Audit


def record(session: AsyncSession, actor: str, verb: str, subject: dict[str, Any], now: datetime) -> None:
    session.add(Audit(at=now, actor=actor, verb=verb, subject=subject))


async def latest(session: AsyncSession, limit: int = 50) -> list[Audit]:
    return list(await session.scalars(select(Audit).order_by(Audit.id.desc()).limit(limit)))
