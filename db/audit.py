"""Audit: which admin verb was carried out by whom. Never any message text."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Audit

_LATELY = 200  # rows that are looked through


def record(session: AsyncSession, actor: str, verb: str, subject: dict[str, Any], now: datetime) -> None:
    session.add(Audit(at=now, actor=actor, verb=verb, subject=subject))


async def last_actor(session: AsyncSession, verb: str, about: str, values: Collection[object]) -> str | None:
    """Who did this last to what `about` names by one of these values; None where it was long ago, or nobody."""
    rows = await session.scalars(select(Audit).where(Audit.verb == verb).order_by(Audit.id.desc()).limit(_LATELY))
    return next((row.actor for row in rows if row.subject.get(about) in values), None)


async def latest(session: AsyncSession, limit: int = 50) -> list[Audit]:
    return list(await session.scalars(select(Audit).order_by(Audit.id.desc()).limit(limit)))
