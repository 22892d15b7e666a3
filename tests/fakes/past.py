"""The rows of a channel that is open, and a bot that reads its past.

Owns opening it, reading it once through, and what is then kept. Knows no network but the one it is given.
"""

import asyncio
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.chat.collecting.backfill import Backfill
from bot.chat.verbs.authority import Actor
from db import backfills, channels, workspaces
from db.backfills import Progress
from db.models import Member, Message, MessageRevision
from db.session import Sessions, reading, transaction
from tests.fakes.square import Square

OWNER = Actor("shell:me", "owner")


async def open_channel(sessions: Sessions, now: datetime, platform_id: str = "C1", **changed: Any) -> int:
    async with transaction(sessions) as session:
        workspace = await workspaces.ensure(session, "slack", "T1", "Harbour", now)
        channel = await channels.ensure(session, workspace, platform_id, "general", now)
        for name, value in {"state": "context", "noticed": "context", **changed}.items():
            setattr(channel, name, value)
        return channel.id


async def read(sessions: Sessions, square: Square, days: int = 365) -> None:
    """A bot comes, reads all there is, and goes."""
    backfill = Backfill(sessions, {"slack": square}, days)
    while tasks := await backfill.look():
        await asyncio.gather(*tasks)


async def progress(sessions: Sessions, number: int = 1) -> Progress | None:
    async with reading(sessions) as session:
        return (await backfills.progress(session)).get(number)


async def texts(sessions: Sessions) -> list[str]:
    return [text for _, text, _ in await kept(sessions)]


async def kept(sessions: Sessions) -> list[tuple[str | None, str, int]]:
    """Author, text and revision of what is there, oldest first."""
    query = (
        select(Member.name, MessageRevision.text, Message.revision)
        .select_from(Message)
        .outerjoin(Member, Member.id == Message.member_id)
        .join(MessageRevision, MessageRevision.message_id == Message.id)
        .where(MessageRevision.number == Message.revision, Message.deleted_at.is_(None))
        .order_by(Message.at, Message.id)
    )
    async with reading(sessions) as session:
        return [tuple(row) for row in await session.execute(query)]


async def every_text(sessions: Sessions) -> list[str]:
    """Every revision's text, also of what is not there any more."""
    async with reading(sessions) as session:
        return list(await session.scalars(select(MessageRevision.text).order_by(MessageRevision.id)))
