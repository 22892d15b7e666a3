"""Control messages: which stand, who placed each where, and who posts it.

Owns the rows, and the claim that lets one process post and another one find what it posted after a crash.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import workspaces
from db.models import Channel, ControlMessage, Member, Workspace


@dataclass(frozen=True, slots=True)
class Placed:
    message: ControlMessage
    workspace: Workspace
    channel: Channel
    member: Member


async def place(session: AsyncSession, channel: Channel, member_id: int, now: datetime) -> None:
    """One is wanted there, in the place of the one that its workspace has."""
    await take_back(session, channel.workspace_id, now)
    session.add(
        ControlMessage(
            workspace_id=channel.workspace_id,
            channel_id=channel.id,
            member_id=member_id,
            nonce=f"control-{channel.workspace_id}-{int(now.timestamp() * 1_000_000)}",
            created_at=now,
        )
    )
    await session.flush()


async def take_back(session: AsyncSession, workspace_id: int, now: datetime) -> bool:
    """It is wanted no more; whether there was one."""
    await workspaces.hold(session, workspace_id)  # two who place one at the same moment come one after the other
    gone = await session.scalars(
        update(ControlMessage)
        .where(ControlMessage.workspace_id == workspace_id, ControlMessage.taken_back_at.is_(None))
        .values(taken_back_at=now)
        .returning(ControlMessage.id)
    )
    return bool(gone.all())


async def every(session: AsyncSession, platforms: Collection[str]) -> list[Placed]:
    """Of these platforms, those that are to be deleted among them."""
    rows = await session.execute(
        select(ControlMessage, Workspace, Channel, Member)
        .join(Workspace, Workspace.id == ControlMessage.workspace_id)
        .join(Channel, Channel.id == ControlMessage.channel_id)
        .join(Member, Member.id == ControlMessage.member_id)
        .where(Workspace.platform.in_(platforms))
        .order_by(ControlMessage.id)
    )
    return [Placed(*row) for row in rows]


async def claim(session: AsyncSession, number: int, now: datetime, lease: timedelta) -> bool | None:
    """Ours to post for as long as the lease: whether someone tried before us, who may have posted it.

    None: it is not to be posted, or someone is at it.
    """
    row = await _held(session, number)
    if row is None or row.ref is not None or row.taken_back_at is not None:
        return None
    tried = row.posting_until
    if tried is not None and tried >= now:
        return None
    row.posting_until = now + lease
    return tried is not None


async def posted(session: AsyncSession, number: int, ref: str) -> None:
    row = await _held(session, number)
    if row is not None:
        row.ref = ref


async def let_go(session: AsyncSession, number: int, now: datetime) -> None:
    """It was not posted, as far as we know; whoever tries next looks for it first."""
    row = await _held(session, number)
    if row is not None and row.ref is None:
        row.posting_until = now - timedelta(microseconds=1)


async def end(session: AsyncSession, number: int) -> None:
    """Nothing of it stands any more."""
    await session.execute(delete(ControlMessage).where(ControlMessage.id == number))


async def _held(session: AsyncSession, number: int) -> ControlMessage | None:
    locked = select(ControlMessage).where(ControlMessage.id == number).with_for_update()
    return await session.scalar(locked, execution_options={"populate_existing": True})
