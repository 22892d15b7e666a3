"""Whether a mention may be answered just now: pauses, and how much members and channels may ask.

Owns the limits and which of them hold for whom. They are counted in the reply rows, so that they hold across
restarts and for all processes together. Knows no network and no queue.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import texts
from db import members, mentions, pauses, workspaces
from db.models import Channel, Member
from db.words import say

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may be asked; 0 is no limit.

    What a channel bears holds for everyone in it. Admins and owners are bound by no limit of their own: they try
    things out, and they are who must still be heard when something goes wrong.
    """

    member_per_minute: int = 0
    channel_per_minute: int = 0
    member_waiting: int = 0


async def refusal(
    session: AsyncSession, allowance: Allowance, channel: Channel, asker: Member, now: datetime
) -> str | None:
    """Why this member is not answered in this channel now, as a sentence for them; None when nothing is against it.

    The caller inserts the reply row in the same transaction. With limits, the workspace is held from here on.
    """
    if await pauses.hold(session, channel.id):
        return say(texts.PAUSED)
    if allowance == Allowance():
        return None
    await workspaces.hold(session, channel.workspace_id)  # of two who come at once, the second counts the first
    if why := await _of_channel(session, allowance, channel, now):
        return why
    why = await _of_member(session, allowance, asker, now)
    exempt = why and await members.role_of(session, asker.id) in ("admin", "owner")
    return None if exempt else why


async def _of_channel(session: AsyncSession, allowance: Allowance, channel: Channel, now: datetime) -> str | None:
    if limit := allowance.channel_per_minute:
        wait = _wait(await mentions.in_channel(session, channel.id, now - MINUTE, limit), limit, now)
        return texts.channel_too_fast(wait) if wait else None
    return None


async def _of_member(session: AsyncSession, allowance: Allowance, asker: Member, now: datetime) -> str | None:
    if limit := allowance.member_waiting:
        waiting = await mentions.waiting(session, asker.id, now)
        if waiting >= limit:
            return texts.member_waiting(waiting)
    if limit := allowance.member_per_minute:
        wait = _wait(await mentions.of_member(session, asker.id, now - MINUTE, limit), limit, now)
        return texts.member_too_fast(wait) if wait else None
    return None


def _wait(asked: list[datetime], limit: int, now: datetime) -> int | None:
    """How many seconds until the oldest of `limit` times (newest first) is a minute old; None when there are fewer."""
    if len(asked) < limit:
        return None
    left = (asked[limit - 1] + MINUTE - now).total_seconds()
    return max(1, math.ceil(left))
