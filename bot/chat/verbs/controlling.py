"""Verbs on the control message: where whoever runs the bot watches it in a channel."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, verb
from db import channels, controls, members
from db.words import say


class NotThere(Exception):
    """No control message can be placed there, or none stands; the message says which."""


@verb("admin", "channel")
async def place_control(session: AsyncSession, actor: Actor, channel: int) -> str:
    """A control message of the actor's, who is a member, is to stand in this channel, and nowhere else; its name.

    Raises NoSuchChannel, NotThere.
    """
    found = await channels.named(session, channel)
    member = await members.named(session, f"#{actor.name.removeprefix('member:')}")
    if member.workspace_id != found.workspace_id:
        raise NotThere(say("That channel belongs elsewhere; type this in the one that you mean."))
    await controls.place(session, found, member.id, datetime.now(UTC))
    return found.name


@verb("admin", "workspace")
async def remove_control(session: AsyncSession, actor: Actor, workspace: int) -> None:
    """Raises NotThere."""
    if not await controls.take_back(session, workspace, datetime.now(UTC)):
        raise NotThere(say("There is no control message; `/yamabiko control` places one."))
