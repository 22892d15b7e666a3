"""Notices: what someone must hear; the trainer writes them, the bot delivers them.

Owns who holds one while it is being delivered, and how long that is tried. That stands under "delivery" in its values.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Member, Notice, Workspace

HELD_FOR = timedelta(seconds=60)  # a delivery that has not ended by then was cut off
TRIED_FOR = timedelta(days=1)
LONGEST_PAUSE = timedelta(hours=1)  # between two attempts; each pause is as long as all that went before


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that is ours to deliver, and to whom."""

    notice: Notice
    member: Member
    workspace: Workspace


def leave(session: AsyncSession, to: str, kind: str, values: dict[str, Any], now: datetime) -> None:
    session.add(Notice(to=to, kind=kind, values=values, created_at=now))


async def undelivered(session: AsyncSession, to: str) -> list[Notice]:
    """What `to` has not heard yet, oldest first."""
    return list(
        await session.scalars(select(Notice).where(Notice.delivered_at.is_(None), Notice.to == to).order_by(Notice.id))
    )


async def waiting(session: AsyncSession, platforms: Collection[str], kinds: Collection[str], now: datetime) -> bool:
    """Whether `claim` would find something, without writing anything."""
    return bool([one for one in await _open(session, platforms, kinds, lock=False) if _is_due(one.notice, now)])


async def claim(
    session: AsyncSession, platforms: Collection[str], kinds: Collection[str], now: datetime, limit: int
) -> list[Due]:
    """Notices to members of these platforms that nobody delivers just now, oldest first; ours for HELD_FOR."""
    due = [one for one in await _open(session, platforms, kinds, lock=True) if _is_due(one.notice, now)][:limit]
    for one in due:
        _put(one.notice, not_before=now + HELD_FOR)
    await session.flush()
    return due


async def delivered(session: AsyncSession, notice_id: int, now: datetime) -> None:
    notice = await session.get_one(Notice, notice_id)
    notice.delivered_at = now
    notice.values = {name: value for name, value in notice.values.items() if name != "delivery"}


async def put_off(session: AsyncSession, notice_id: int, now: datetime) -> bool:
    """It could not be delivered: try again after a pause that grows. False: given up, after TRIED_FOR of trying."""
    notice = await session.get_one(Notice, notice_id)
    since = _moment(notice, "failing_since") or now
    if now - since > TRIED_FOR:
        _put(notice, given_up=now)
        notice.delivered_at = now  # nobody looks for it any more
        return False
    pause = min(max(now - since, timedelta(seconds=5)), LONGEST_PAUSE)
    _put(notice, failing_since=since, not_before=now + pause)
    return True


async def _open(session: AsyncSession, platforms: Collection[str], kinds: Collection[str], *, lock: bool) -> list[Due]:
    query = (
        select(Notice, Member, Workspace)
        .join(Member, Notice.to == literal("member:") + cast(Member.id, String))
        .join(Workspace, Workspace.id == Member.workspace_id)
        .where(
            Notice.delivered_at.is_(None),
            Notice.to.startswith("member:"),  # each of the shell's would be compared with every member
            Notice.kind.in_(kinds),
            Workspace.platform.in_(platforms),
        )
        .order_by(Notice.id)
    )
    if lock:
        query = query.with_for_update(of=Notice, skip_locked=True)
    return [Due(*row) for row in await session.execute(query)]


def _is_due(notice: Notice, now: datetime) -> bool:
    not_before = _moment(notice, "not_before")
    return not_before is None or not_before <= now


def _moment(notice: Notice, name: str) -> datetime | None:
    found = notice.values.get("delivery", {}).get(name)
    return datetime.fromisoformat(found) if found else None


def _put(notice: Notice, **moments: datetime) -> None:
    told = {name: moment.isoformat() for name, moment in moments.items()}
    notice.values = {**notice.values, "delivery": {**notice.values.get("delivery", {}), **told}}
