"""Channels: what an admin opened each for."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import backfills
from db.backfills import Progress
from db.models import Channel, Message, Pause, Workspace
from db.models.text import ChannelState
from db.names import called, plain
from db.words import say
from db.workspaces import PACKAGES

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
    past: Progress | None = None  # how far it was read, where it is collected from a network


@dataclass(frozen=True, slots=True)
class OpenedChannel:
    """A channel that is collected, by its row and by its platform's ids."""

    id: int
    workspace: str
    channel: str
    name: str


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


async def opened(session: AsyncSession, platform: str, workspace: str, channel: str) -> bool:
    """Whether messages of this channel, by the platform's ids, are collected."""
    state = await session.scalar(_seen(Channel.state, platform, workspace, channel))
    return state not in (None, "closed")


async def open_in(session: AsyncSession, platform: str) -> list[OpenedChannel]:
    """The platform's channels that are collected from; what members brought themselves is no network's."""
    columns = select(Channel.id, Workspace.platform_id, Channel.platform_id, Channel.name)
    here = (Workspace.platform == platform, Channel.state != "closed", Workspace.platform_id != PACKAGES[1])
    rows = await session.execute(columns.select_from(Channel).join(Workspace).where(*here).order_by(Channel.id))
    return [OpenedChannel(*row) for row in rows]


async def held(session: AsyncSession, platform: str, workspace: str, channel: str) -> tuple[Workspace, Channel] | None:
    """The rows of a channel by the platform's ids; its messages and its state are ours until the transaction ends."""
    number = await numbered(session, platform, workspace, channel)
    return None if number is None else await hold(session, number)


async def numbered(session: AsyncSession, platform: str, workspace: str, channel: str) -> int | None:
    """The row's number of a channel by the platform's ids, where it has one."""
    return await session.scalar(_seen(Channel.id, platform, workspace, channel))


async def hold(session: AsyncSession, channel_id: int) -> tuple[Workspace, Channel]:
    """Nobody else adds messages to this channel, takes some out, opens or closes it until our transaction ends."""
    locked = select(Channel).where(Channel.id == channel_id).with_for_update(key_share=True)
    channel = (await session.scalars(locked, execution_options={"populate_existing": True})).one()
    return await session.get_one(Workspace, channel.workspace_id), channel


def _seen(column: Any, platform: str, workspace: str, channel: str) -> Select[Any]:
    here = (Workspace.platform == platform, Workspace.platform_id == workspace, Channel.platform_id == channel)
    return select(column).select_from(Channel).join(Workspace).where(*here)


async def shut(session: AsyncSession, channel: Channel) -> None:
    """Nothing of the channel is collected, used or learned from now on."""
    channel.state = "closed"
    await backfills.forget(session, [channel.id])


async def of_workspace(session: AsyncSession, platform: str, workspace: str) -> list[Channel]:
    """Every channel, held as `hold` holds one."""
    here = (Workspace.platform == platform, Workspace.platform_id == workspace)
    every = select(Channel).join(Workspace).where(*here).order_by(Channel.id)
    return list(await session.scalars(every.with_for_update(of=Channel, key_share=True)))


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
    past = await backfills.progress(session)
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
            past=past.get(c.id),
        )
        for w, c, count in rows
    ]
