"""Heartbeats: each program instance says that it lives and what it has loaded."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Heartbeat

ALIVE_FOR = timedelta(seconds=20)  # a program beats every few seconds; this much silence means it is gone


async def beat(session: AsyncSession, program: str, instance: str, state: dict[str, Any], now: datetime) -> None:
    found = await session.scalar(select(Heartbeat).where(Heartbeat.program == program, Heartbeat.instance == instance))
    if found is None:
        session.add(Heartbeat(program=program, instance=instance, at=now, state=state))
    else:
        found.at, found.state = now, state


async def stop(session: AsyncSession, program: str, instance: str) -> None:
    await session.execute(delete(Heartbeat).where(Heartbeat.program == program, Heartbeat.instance == instance))


async def alive(session: AsyncSession, program: str, now: datetime) -> list[Heartbeat]:
    return list(
        await session.scalars(select(Heartbeat).where(Heartbeat.program == program, Heartbeat.at > now - ALIVE_FOR))
    )
