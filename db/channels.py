"""Channels: what an admin opened each for."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Channel, Message, Pause, Workspace
from db.models.text import ChannelState
from db.names import called, plain
from db.words import say

_HASH = re.compile("([/／])[#＃]")  # as people write it before a channel's name


class NoSuchChannel(Exception):
    """There is no such channel; `yamabiko channel list` shows them."""


class AmbiguousChannel(Exception):
    """Several workspaces have a channel of this name; write WORKSPACE/CHANNEL."""


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    id: int
    workspace: str
    name: str
    platform: str
    state: ChannelState
    review_each: bool
    messages: int
    paused: bool  # the bot answers nobody there


async def ensure(session: AsyncSession, workspace: Workspace, platform_id: str, name: str, now: datetime) -> Channel:
    """The channel's row, made closed if it is new; a changed name is taken over."""
    found = await known(session, workspace, platform_id)
    if found is None:
        found = Channel(workspace_id=workspace.id, platform_id=platform_id, name=name or platform_id, created_at=now)
        session.add(found)
        await session.flush()
    elif name:
        found.name = name
    return found


async def known(session: AsyncSession, workspace: Workspace, platform_id: str) -> Channel | None:
    """The channel's row, where it has one."""
    return await session.scalar(
        select(Channel).where(Channel.workspace_id == workspace.id, Channel.platform_id == platform_id)
    )


async def named(session: AsyncSession, name: str | int) -> Channel:
    """By name (`general`, `#general`), `workspace/general`, or its row's number.

    Raises NoSuchChannel, AmbiguousChannel.
    """
    if isinstance(name, int):
        return await _numbered(session, name)
    rows = (await session.execute(select(Channel, Workspace.name).join(Workspace))).all()
    # In full first: a data package's channel is itself called SERVER/CHANNEL, and must not stand for the server's own.
    in_full = called(_HASH.sub(r"\1", name), rows, lambda row: f"{row[1]}/{row[0].name}")
    found = in_full or called(_bare(name), rows, lambda row: row[0].name)
    if not found:
        raise NoSuchChannel(say("There is no channel {name!r}; `yamabiko channel list` shows them.", name=name))
    if len(found) > 1:
        channel = plain(name).rpartition("/")[2]
        raise AmbiguousChannel(
            say("Several workspaces have a channel {name!r}; write WORKSPACE/{channel}.", name=name, channel=channel)
        )
    return found[0][0]


async def called_in(session: AsyncSession, workspace_id: int, name: str) -> list[Channel]:
    """The channels of this name in one workspace."""
    rows = await session.scalars(select(Channel).where(Channel.workspace_id == workspace_id))
    return called(_bare(name), rows.all(), lambda channel: channel.name)


def _bare(name: str) -> str:
    return name.strip().lstrip("#＃")


async def _numbered(session: AsyncSession, number: int) -> Channel:
    found = await session.get(Channel, number)
    if found is None:
        raise NoSuchChannel(say("There is no such channel; `yamabiko channel list` shows them."))
    return found


async def summaries(session: AsyncSession) -> list[ChannelSummary]:
    """Every channel that holds messages, was opened or is paused, with how many messages it holds."""
    counts = (
        select(Message.channel_id, func.count().label("messages"))
        .where(Message.deleted_at.is_(None))
        .group_by(Message.channel_id)
        .subquery()
    )
    messages = func.coalesce(counts.c.messages, 0)
    paused = set(await session.scalars(select(Pause.channel_id)))
    rows = await session.execute(
        select(Workspace, Channel, messages)
        .join(Channel, Channel.workspace_id == Workspace.id)
        .outerjoin(counts, counts.c.channel_id == Channel.id)
        .where((messages > 0) | (Channel.state != "closed") | Channel.id.in_(paused - {None}))
        .order_by(Workspace.name, Channel.name)
    )
    return [
        ChannelSummary(
            id=c.id,
            workspace=w.name,
            name=c.name,
            platform=w.platform,
            state=c.state,
            review_each=c.review_each,
            messages=count,
            paused=not paused.isdisjoint({None, c.id}),
        )
        for w, c, count in rows
    ]
