"""What the bot tells one person alone, who asked in front of others.

Owns the way: Discord has nothing for one pair of eyes but answers to commands, so it is a direct message. Whoever takes
none is told that where they asked, and not what it was.
"""

import asyncio
import time
from contextlib import suppress

import discord
import structlog

from bot.chat.events import Thread
from bot.chat.replying.outgoing import quiet
from bot.platforms.discord.errors import told
from bot.platforms.discord.naming import worded
from bot.platforms.discord.saying import LONGEST
from bot.platforms.discord.wire import Wire, place_of
from db.words import say

log = structlog.get_logger()

STANDS_S = 60.0  # the hint in front of others
AGAIN_S = 3600.0  # before the same person is given it again
_REMEMBERED = 1000


class Privately:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._hinted: dict[str, float] = {}

    async def tell(self, to: Thread, sentence: str) -> None:
        """Raises nothing: it is a kindness."""
        hint = say("I have something to tell you in private; allow direct messages from members of this server.")
        try:
            if not await self._written(to, sentence) and self._may_hint(to.asker):
                await self._hint(to, hint)
        except Exception as error:
            log.info("a member could not be told something", why=repr(error))

    async def _written(self, to: Thread, sentence: str) -> bool:
        """Whether they take direct messages from us."""
        client = await self._wire.connection.reached()
        try:
            conversation = await client.create_dm(discord.Object(int(to.asker)))
            where = "" if str(conversation.id) == to.channel else _link(to)
            await conversation.send(worded(quiet(sentence))[: LONGEST - len(where)] + where, suppress_embeds=True)
        except discord.HTTPException as error:
            log.info("a member takes no direct messages", why=repr(told(error)))
            return False
        return True

    def _may_hint(self, member: str) -> bool:
        now = time.monotonic()
        if now - self._hinted.get(member, -AGAIN_S) < AGAIN_S:
            return False
        if len(self._hinted) >= _REMEMBERED:
            self._hinted.clear()
        self._hinted[member] = now
        return True

    async def _hint(self, to: Thread, hint: str) -> None:
        """It answers no message, so that nobody takes it for an answer, and it goes by itself."""

        async def send(channel: discord.PartialMessageable) -> discord.Message:
            return await channel.send(f"<@{to.asker}> {quiet(hint)}"[:LONGEST])

        self._wire.connection.client.begin(_gone_later(await self._wire.call(to, send)))


def _link(to: Thread) -> str:
    """What it is about, to be clicked: whoever asked in several places knows which is meant."""
    return f"\n-# https://discord.com/channels/{to.workspace}/{place_of(to)}/{to.message}"


async def _gone_later(hint: discord.Message) -> None:
    await asyncio.sleep(STANDS_S)
    with suppress(discord.HTTPException):
        await hint.delete()
