"""Channels that are open while what people write there does not reach us.

Owns that whoever opened one hears of it, once. Knows no network.
"""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.platform import Messenger, NotReached
from db import audit, backfills, members, notices
from db.models import Channel
from db.session import Sessions, reading, transaction

_TOLD_TO_PEOPLE = ("no message content",)  # the others show where the channel is listed


async def hears(sessions: Sessions, platform: Messenger, channel: Channel) -> bool:
    """Whether what is written in this opened channel reaches us; why not is kept and told."""
    try:
        lack = platform.lacks()
    except NotReached:
        return False
    if lack is not None:
        await tell(sessions, channel.id, lack)
    return lack is None


async def tell(sessions: Sessions, channel_id: int, trouble: str | None) -> None:
    """Keep why a channel cannot be read, or that it can; where that is news, people hear it who can mend it."""
    async with reading(sessions) as session:  # looked at every second: nobody waits for a writer who has nothing new
        if trouble is not None and await backfills.trouble_of(session, channel_id) == trouble:
            return
    now = datetime.now(UTC)
    async with transaction(sessions) as session:
        is_news = await backfills.tell(session, channel_id, trouble, now)
        if is_news and trouble in _TOLD_TO_PEOPLE:
            for one in await _who_can_mend(session, await session.get_one(Channel, channel_id)):
                notices.leave(session, one, "unheard", {"channel": channel_id, "trouble": trouble}, now)


async def _who_can_mend(session: AsyncSession, channel: Channel) -> list[str]:
    """Who opened the channel, if that was a member; else the workspace's admins."""
    opener = await audit.last_actor(session, "approve", "channel", (channel.id, str(channel.id), channel.name))
    if opener is not None and opener.startswith("member:"):
        return [opener]
    return [f"member:{one}" for one in await members.who_may(session, channel.workspace_id, "admin")]
