"""What is written in opened channels becomes rows; what is deleted there leaves them.

Owns which messages are kept at all, whether they come as they are written or from a channel's past. Knows no network.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.collecting.stored import named_in, new_message
from bot.chat.events import Erased, Left, MemberSeen, Missed, Renamed, WorkspaceSeen, Written
from db import audit, backfills, channels, erasing, members, messages, workspaces
from db.messages import Stored
from db.models import Channel, Workspace
from db.session import Sessions, reading, transaction

ApiText = Literal["slack_api", "discord_api"]

log = structlog.get_logger()


class Collecting:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def written(self, event: Written) -> None:
        """Keep a message of an opened channel, or its new text."""
        seen, channel = event.workspace, event.channel.id
        async with reading(self._sessions) as session:  # most channels are closed: no writer waits for those
            if not await channels.opened(session, seen.platform, seen.id, channel):
                return

        async def keep_it(session: AsyncSession) -> None:
            held = await channels.held(session, seen.platform, seen.id, channel)
            if held is not None and held[1].state != "closed":
                held[1].name = event.channel.name or held[1].name
                await keep(session, *held, [event], datetime.now(UTC))

        await self._done(keep_it)

    async def erased(self, event: Erased) -> None:
        """What is gone there is gone here."""
        seen, now = event.workspace, datetime.now(UTC)
        async with reading(self._sessions) as session:  # most of what is deleted was nothing of ours
            if await channels.numbered(session, seen.platform, seen.id, event.channel) is None:
                return

        async def erase(session: AsyncSession) -> None:
            held = await channels.held(session, seen.platform, seen.id, event.channel)
            if held is None:
                return
            if event.thread is not None:
                count = await erasing.erase_thread(session, held[1], event.thread, now)
                log.info("a thread is gone, and so is its text", channel=held[1].name, messages=count)
            elif not event.ids:
                await channels.shut(session, held[1])
                held[1].noticed = "closed"  # there is nobody left to tell
                count = await erasing.erase_all(session, held[1], now)
                log.info("a channel is gone, and so is its text", channel=held[1].name, messages=count)
            else:
                opened = held[1].state != "closed"
                await erasing.erase(session, held[1], event.ids, api_text(seen), now, remember=opened)

        await self._done(erase)

    async def renamed(self, event: Renamed) -> None:
        seen, channel = event.workspace, event.channel
        async with transaction(self._sessions) as session:
            if channel is None:
                place = await workspaces.known(session, seen.platform, seen.id)
                if place is not None and seen.name:
                    place.name = seen.name
                return
            held = await channels.held(session, seen.platform, seen.id, channel.id)
            if held is not None and channel.name:
                held[1].name = channel.name

    async def missed(self, event: Missed) -> None:
        """What happened while nobody listened is read again, by bot.chat.collecting.backfill."""
        async with transaction(self._sessions) as session:
            await backfills.miss(session, event.platform, datetime.now(UTC))

    async def left(self, event: Left) -> None:
        """Nothing of this workspace, or of this channel, is collected any more. What members agreed to stays."""
        seen = event.workspace
        async with transaction(self._sessions) as session:
            closed = [
                channel
                for channel in await channels.of_workspace(session, seen.platform, seen.id)
                if channel.state != "closed" and event.channel in (None, channel.platform_id)
            ]
            for channel in closed:
                await channels.shut(session, channel)
                channel.noticed = "closed"  # we cannot tell anybody there any more
            names = [one.name for one in closed]
            if closed:  # an uninstalled app is told so twice: that it is, and that its tokens are worth nothing
                about = {"workspace": seen.id, "channel": event.channel, "closed": names}
                audit.record(session, f"platform:{seen.platform}", "left", about, datetime.now(UTC))
        if names:
            log.warning("the bot was thrown out; what it collected from is closed", workspace=seen.id, channels=names)
        elif event.channel is None:
            log.warning("the bot was thrown out; it collected from no channel", workspace=seen.id)

    async def _done(self, change: Callable[[AsyncSession], Awaitable[None]]) -> None:
        try:
            async with transaction(self._sessions) as session:
                await change(session)
        except IntegrityError:  # two brought the same member at the same moment; what the other wrote is there now
            async with transaction(self._sessions) as session:
                await change(session)


async def keep(
    session: AsyncSession, workspace: Workspace, channel: Channel, batch: Sequence[Written], now: datetime
) -> Stored:
    """Store those of an opened channel's messages that are ours to keep, oldest first.

    Never what bots, people of other workspaces or blocked members wrote.
    """
    ours = [one for one in batch if not one.author.is_bot and not one.foreign and one.posted.text.strip()]
    blocked = await members.blocked(session, workspace, {one.author.id for one in ours})
    ours = [one for one in ours if one.author.id not in blocked]
    if not ours:
        return Stored()
    ids = await _people(session, workspace, ours, now)
    # A network that shows no edit shows the text as it was written: one that we know to be younger stays.
    fresh = [new_message(replace(one.posted, edited_at=one.posted.edited_at or one.posted.at), ids) for one in ours]
    return await messages.store(session, channel, fresh, api_text(workspace), now)


async def _people(
    session: AsyncSession, workspace: Workspace, batch: Sequence[Written], now: datetime
) -> dict[str, int]:
    """The rows of authors and of those they mention, by the platform's ids."""
    seen = {one: MemberSeen(one, "") for one in named_in(written.posted.text for written in batch)}
    for written in batch:
        seen |= {one.id: one for one in written.named if one.id in seen and one.name}
    seen |= {written.author.id: written.author for written in batch}
    locales = {one.id: one.locale for one in seen.values() if one.locale}
    people = sorted((one.id, one.name) for one in seen.values())  # in one order, so that two never wait for each other
    rows = await members.ensure(session, workspace, people, now, locales)
    return {platform_id: row.id for platform_id, row in rows.items()}


def api_text(workspace: Workspace | WorkspaceSeen) -> ApiText:
    """How what a network's API gives is marked."""
    return "discord_api" if workspace.platform == "discord" else "slack_api"
