"""What people and channels are called, as it becomes known after they were first seen.

Owns no row: whoever is not there yet is not made. Knows no network.
"""

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Channel, Member, Workspace


async def learn(
    session: AsyncSession,
    platform: str,
    workspace: str,
    people: Iterable[tuple[str, str, str | None]],
    channels: Iterable[tuple[str, str]],
) -> None:
    """`people` are (platform id, name, locale), `channels` (platform id, name); what is empty changes nothing."""
    here = select(Workspace.id).where(Workspace.platform == platform, Workspace.platform_id == workspace)
    workspace_id = await session.scalar(here)
    for platform_id, name, locale in people:
        told = {key: value for key, value in (("name", name), ("locale", locale)) if value}
        theirs = (Member.workspace_id == workspace_id, Member.platform_id == platform_id)
        if told:
            await session.execute(update(Member).where(*theirs).values(told))
    for platform_id, name in channels:
        its = (Channel.workspace_id == workspace_id, Channel.platform_id == platform_id)
        if name:
            await session.execute(update(Channel).where(*its).values(name=name))
