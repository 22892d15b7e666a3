"""Workspaces: where members write, and the owner's ground for training on what an API gave."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Workspace
from db.names import plain
from db.words import say


class NoSuchWorkspace(Exception):
    """There is no such workspace; `yamabiko channel list` shows their names."""


async def ensure(session: AsyncSession, platform: str, platform_id: str, name: str, now: datetime) -> Workspace:
    """The workspace's row, made if it is new; a changed name is taken over."""
    found = await session.scalar(
        select(Workspace).where(Workspace.platform == platform, Workspace.platform_id == platform_id)
    )
    if found is None:
        found = Workspace(platform=platform, platform_id=platform_id, name=name, created_at=now)
        session.add(found)
        await session.flush()
    elif name:
        found.name = name
    return found


async def hold(session: AsyncSession, workspace_id: int) -> None:
    """Nobody else holds this workspace until our transaction ends: what is counted now is still true when we write."""
    await session.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True))


async def every(session: AsyncSession) -> list[Workspace]:
    return list(await session.scalars(select(Workspace).order_by(Workspace.id)))


async def named(session: AsyncSession, name: str) -> Workspace:
    """By name or platform id. Raises NoSuchWorkspace."""
    for workspace in await every(session):
        known = (workspace.name, workspace.platform_id, f"{workspace.platform}:{workspace.name}")
        if plain(name) in map(plain, known):
            return workspace
    raise NoSuchWorkspace(say("There is no workspace {name!r}; `yamabiko channel list` shows them.", name=name))


def permit(workspace: Workspace, ground: str, by: str, now: datetime) -> None:
    """Record the owner's ground for training on this workspace's API text; an empty ground withdraws it."""
    workspace.permission_ground = ground or None
    workspace.permission_by = by
    workspace.permission_at = now
