"""Workspaces: where members write, and the owner's ground for training on what an API gave."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import API_TEXT, Channel, Message, Workspace
from db.names import plain
from db.words import say

# The shelf on which members' own Discord data packages stand: (platform, platform_id). It is no guild and has no API.
PACKAGES = ("discord", "packages")


class NoSuchWorkspace(Exception):
    """There is no such workspace; `yamabiko channel list` shows their names."""


@dataclass(frozen=True, slots=True)
class WorkspaceSummary:
    """`ground` is why its API text may be trained on; None where it may not."""

    id: int
    platform: str
    platform_id: str
    name: str
    api_messages: int
    ground: str | None
    by: str | None
    at: datetime | None


async def ensure(session: AsyncSession, platform: str, platform_id: str, name: str, now: datetime) -> Workspace:
    """The workspace's row, made if it is new; a changed name is taken over."""
    found = await known(session, platform, platform_id)
    if found is None:
        found = Workspace(platform=platform, platform_id=platform_id, name=name or platform_id, created_at=now)
        session.add(found)
        await session.flush()
    elif name:
        found.name = name
    return found


async def known(session: AsyncSession, platform: str, platform_id: str) -> Workspace | None:
    """The workspace's row, where it has one."""
    return await session.scalar(
        select(Workspace).where(Workspace.platform == platform, Workspace.platform_id == platform_id)
    )


async def hold(session: AsyncSession, workspace_id: int) -> None:
    """Nobody else holds this workspace until our transaction ends: what is counted now is still true when we write."""
    await session.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True))


async def every(session: AsyncSession) -> list[Workspace]:
    return list(await session.scalars(select(Workspace).order_by(Workspace.id)))


async def summaries(session: AsyncSession) -> list[WorkspaceSummary]:
    """Every workspace, with how many messages of it came through an API, and the ground for training on those."""
    rows = await session.execute(
        select(Channel.workspace_id, func.count())
        .join(Message, Message.channel_id == Channel.id)
        .where(Message.provenance.in_(API_TEXT), Message.deleted_at.is_(None))
        .group_by(Channel.workspace_id)
    )
    counts = dict(rows.all())
    return [
        WorkspaceSummary(
            id=workspace.id,
            platform=workspace.platform,
            platform_id=workspace.platform_id,
            name=workspace.name,
            api_messages=counts.get(workspace.id, 0),
            ground=workspace.permission_ground,
            by=workspace.permission_by,
            at=workspace.permission_at,
        )
        for workspace in await every(session)
    ]


async def named(session: AsyncSession, name: str | int) -> Workspace:
    """By name, platform id or its row's number. Raises NoSuchWorkspace."""
    for workspace in await every(session):
        known = (workspace.name, workspace.platform_id, f"{workspace.platform}:{workspace.name}")
        if name == workspace.id or (isinstance(name, str) and plain(name) in map(plain, known)):
            return workspace
    raise NoSuchWorkspace(say("There is no workspace {name!r}; `yamabiko channel list` shows them.", name=name))


def permit(workspace: Workspace, ground: str, by: str, now: datetime) -> None:
    """Record the owner's ground for training on this workspace's API text; an empty ground withdraws it."""
    workspace.permission_ground = ground or None
    workspace.permission_by = by
    workspace.permission_at = now
