"""Replies that were deleted are taken away from where they were shown.

Owns that road and nothing else: the verb only marks the row, so a crash forgets none. Knows no network.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from bot.chat.platform import NotShown, Platform
from bot.chat.replying.hand import name_of, place_of
from bot.chat.replying.posting import merged
from db import replies
from db.session import Sessions, reading, transaction

log = structlog.get_logger()


async def remove_deleted(sessions: Sessions, platforms: Mapping[str, Platform], seconds: float) -> None:
    """Everything that is deleting on these platforms, none for longer than `seconds`.

    What fails is tried again the next time. A network that is away keeps no other one waiting, and is not asked.
    """
    async with asyncio.TaskGroup() as all_at_once:
        for name, platform in platforms.items():
            all_at_once.create_task(_remove_from(sessions, name, platform, seconds))


async def _remove_from(sessions: Sessions, name: str, platform: Platform, seconds: float) -> None:
    connected = getattr(platform, "connected", None)  # a terminal always is
    if connected is not None and not connected():
        return
    async with reading(sessions) as session:
        deleting = await replies.to_remove(session, name, datetime.now(UTC))
    for one in deleting:
        try:
            async with asyncio.timeout(seconds):
                await _remove(sessions, platform, one)
        except Exception:
            log.exception("taking a deleted reply away failed; trying again", reply=one.reply.id)


async def _remove(sessions: Sessions, platform: Platform, deleting: replies.Placed) -> None:
    reply, to = deleting.reply, place_of(deleting)
    try:
        # Also what a process that died in the middle posted and could not keep.
        async with reading(sessions) as session:
            others = await replies.shown_beside(session, reply)
        ref = merged(reply.shown_ref, await platform.find(to, name_of(reply), others))
        if ref is not None:
            await platform.remove(to, ref)
    except NotShown:
        log.info("a deleted reply can be reached no more", reply=reply.id)
    async with transaction(sessions) as session:
        await replies.removed(session, reply.id)
