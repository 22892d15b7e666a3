"""Notices in channels: which channel's people do not know yet what it is open for, and who tells them.

Owns the claim that lets one process post a notice, and another one find it after a crash.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Channel, Workspace
from db.models.text import ChannelState
from db.workspaces import PACKAGES


@dataclass(frozen=True, slots=True)
class Untold:
    workspace: Workspace
    channel: Channel


@dataclass(frozen=True, slots=True)
class Claim:
    """`again`: someone claimed this before, and may have posted it."""

    channel_id: int
    state: ChannelState
    nonce: str
    again: bool


async def untold(session: AsyncSession, platforms: Collection[str], now: datetime) -> list[Untold]:
    """Channels of these platforms where another state was told last than they have, and that nobody tells now."""
    rows = await session.execute(
        select(Workspace, Channel)
        .join(Channel, Channel.workspace_id == Workspace.id)
        .where(
            Workspace.platform.in_(platforms),
            Workspace.platform_id != PACKAGES[1],
            Channel.state != func.coalesce(Channel.noticed, "closed"),
            Channel.notice_until.is_(None) | (Channel.notice_until < now),
        )
        .order_by(Channel.id)
    )
    return [Untold(workspace, channel) for workspace, channel in rows]


async def claim(session: AsyncSession, seen: Channel, now: datetime, lease: timedelta) -> Claim | None:
    """Ours to tell for as long as the lease; None when someone else tells, or it changed meanwhile."""
    locked = select(Channel).where(Channel.id == seen.id).with_for_update(key_share=True)
    channel = (await session.scalars(locked, execution_options={"populate_existing": True})).one()
    busy = channel.notice_until is not None and channel.notice_until >= now
    if busy or channel.state != seen.state or channel.state == (channel.noticed or "closed"):
        return None
    before = channel.notice_nonce
    again = before is not None and before.endswith(f"-{channel.state}")
    if before is None or not again:
        channel.notice_nonce = f"notice-{channel.id}-{int(now.timestamp() * 1000)}-{channel.state}"
    channel.notice_until = now + lease
    return Claim(channel.id, channel.state, channel.notice_nonce or "", again)


async def told(session: AsyncSession, claim: Claim, ref: str | None) -> None:
    """The channel's people know; `ref` is the post that told them, None where nobody is left to tell."""
    channel = await session.get_one(Channel, claim.channel_id)
    if channel.notice_nonce != claim.nonce:
        return
    channel.noticed, channel.notice_ref = claim.state, ref
    channel.notice_nonce = channel.notice_until = None


async def let_go(session: AsyncSession, claim: Claim) -> None:
    """It did not work out, as far as we know; whoever tells next looks first whether it was posted."""
    channel = await session.get_one(Channel, claim.channel_id)
    if channel.notice_nonce == claim.nonce:
        channel.notice_until = None
