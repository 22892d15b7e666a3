"""Channels and members as people type them or networks write them, as the rows they stand for.

Owns the one place where a name or a network's id becomes "#ROW". Knows no command's meaning.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.commands.asked import Command
from db import channels, members
from db.models import Workspace

_CHANNEL = re.compile(r"<#([A-Za-z0-9]+)(?:\|([^>]*))?>")  # as Slack and Discord write them
_MEMBER = re.compile(r"<@!?([A-Za-z0-9]+)(?:\|([^>]*))?>")
_ROW = re.compile(r"#(\d{1,9})")


async def addressed(
    session: AsyncSession, workspace: Workspace, command: Command, given: Mapping[str, str]
) -> dict[str, str]:
    """`given` with channels and members as "#ROW". Raises NoSuchChannel, AmbiguousChannel, NoSuchMember."""
    found = dict(given)
    for option in command.options:
        if option.name in given and option.kind == "channel":
            found[option.name] = f"#{await channel(session, workspace, given[option.name])}"
        elif option.name in given and option.kind == "member":
            found[option.name] = f"#{await member(session, workspace, given[option.name])}"
    return found


async def channel(session: AsyncSession, workspace: Workspace, name: str) -> int:
    """The row of a channel; of two alike, the one of this workspace."""
    if seen := _CHANNEL.fullmatch(name):
        return (await channels.ensure(session, workspace, seen[1], seen[2] or "", datetime.now(UTC))).id
    if (row := _ROW.fullmatch(name)) and not await channels.called_in(session, workspace.id, name):
        return (await channels.named(session, int(row[1]))).id
    here = await channels.called_in(session, workspace.id, name)
    return here[0].id if len(here) == 1 else (await channels.named(session, name)).id


async def member(session: AsyncSession, workspace: Workspace, name: str) -> int:
    """The row of a member; of two alike, the one of this workspace."""
    if seen := _MEMBER.fullmatch(name):
        people = [(seen[1], seen[2] or "")]
        return (await members.ensure(session, workspace, people, datetime.now(UTC)))[seen[1]].id
    here = await members.called_in(session, workspace.id, name.lstrip("@＠"))
    return here[0].id if len(here) == 1 else (await members.named(session, name.lstrip("@＠"))).id
