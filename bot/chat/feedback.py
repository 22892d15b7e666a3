"""What members think of replies, by reaction or button: one thumb for each member and reply.

Owns that road. Knows no network.
"""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.events import Cleared, Thumbed
from db import channels, feedback, members, replies, workspaces
from db.models import Reply, Workspace
from db.session import Sessions, reading, transaction


class Feedback:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def thumbed(self, event: Thumbed) -> None:
        """Keep a thumb, or forget it when it was taken back; posts that are no replies are passed over."""
        if event.member.is_bot:
            return
        async with reading(self._sessions) as session:  # most reactions are on something else, and write nothing
            if await _meant(session, event) is None:
                return
        async with transaction(self._sessions) as session:
            meant = await _meant(session, event, hold=True)  # who erases it comes before us or after, not between
            if meant is not None:
                await _kept(session, event, *meant)

    async def cleared(self, event: Cleared) -> None:
        """Forget what everybody's reactions said; thumbs given by button stay."""
        async with reading(self._sessions) as session:
            if await _meant(session, event) is None:
                return
        async with transaction(self._sessions) as session:
            meant = await _meant(session, event, hold=True)
            if meant is not None:
                await feedback.clear(session, meant[1].id, event.ref, event.reaction, datetime.now(UTC))


async def _meant(
    session: AsyncSession, event: Thumbed | Cleared, *, hold: bool = False
) -> tuple[Workspace, Reply] | None:
    workspace = await workspaces.known(session, event.workspace.platform, event.workspace.id)
    channel = await channels.known(session, workspace, event.channel) if workspace else None
    reply = await replies.at(session, channel.id, event.ref, hold=hold) if channel else None
    return (workspace, reply) if workspace and reply else None


async def _kept(session: AsyncSession, event: Thumbed, workspace: Workspace, reply: Reply) -> None:
    now, who = datetime.now(UTC), event.member
    reaction = f"{event.ref} {event.reaction}"
    if not event.on:
        member = await members.known(session, workspace, who.id)  # nobody becomes one by taking back
        if member is not None:
            await feedback.unmark(session, reply.id, member.id, event.value, reaction, now)
        return
    locales = {who.id: who.locale} if who.locale else None
    member = (await members.ensure(session, workspace, [(who.id, who.name)], now, locales))[who.id]
    if not await members.is_blocked(session, member.id):
        await feedback.give(session, reply.id, member.id, event.value, now, reaction)
