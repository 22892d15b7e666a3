"""The message-content intent: without it Discord keeps to itself what people write without mentioning us.

Owns when it is asked for and when no more: while channels are open that it is needed for. Talking does without. Where
Discord refuses it, everything else goes on, and it is asked for again when somebody has switched it on. Knows no rows.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

import aiohttp
import discord
import structlog

from bot.chat.platform import NotReached, OnEvent, Trouble
from bot.platforms.discord.connection import Connection, ContentRefused
from db.words import say

log = structlog.get_logger()

LOOK_S = 1.0  # between two looks at what is open
ASK_S = 300.0  # between two looks at the portal's switch, while it is off

Opened = Callable[[], Awaitable[Collection[int]]]  # the open channels, by whatever numbers them


class Content:
    def __init__(self, connection: Connection, opened: Opened, *, look_s: float = LOOK_S, ask_s: float = ASK_S) -> None:
        self._connection, self._opened, self._look_s, self._ask_s = connection, opened, look_s, ask_s
        self._known: frozenset[int] = frozenset()  # the channels that were open when we looked last
        self._refused = False
        self._ask_at = 0.0

    def lacks(self) -> Trouble | None:
        """What keeps other people's words from us. Raises NotReached while they may yet come."""
        if self._refused:
            return "no message content"
        if not self._connection.content or not self._connection.connected:
            raise NotReached(say("Discord is not connected."))
        return None

    async def granted(self) -> bool:
        """Whether the portal's switch is on. Raises NotReached, and what Discord raises."""
        flags = (await self._connection.client.application_info()).flags
        return flags.gateway_message_content or flags.gateway_message_content_limited

    async def serve(self, on_event: OnEvent) -> None:
        """As Connection.serve, with the intent as long as it is needed and given."""
        self._known = frozenset(await self._opened())
        self._connection.content = bool(self._known) and not self._refused
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                try:
                    await self._connection.serve(on_event)
                except ContentRefused:
                    if not self._connection.content:
                        raise
                    self._refuse()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look_s)
            try:
                await self._look()
            except (NotReached, discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as error:
                log.info("whether Discord gives what people write is asked again later", why=type(error).__name__)
            except Exception:
                log.exception("looking for open channels failed; trying again")

    async def _look(self) -> None:
        opened = frozenset(await self._opened())
        if opened - self._known:
            self._ask_at = 0.0
        self._known = opened
        if not opened:
            self._refused = False
            await self._ask_for(False)
        elif not self._connection.content and (not self._refused or time.monotonic() >= self._ask_at):
            await self._try()

    async def _try(self) -> None:
        """Nobody is disconnected for a switch that is off."""
        if not self._connection.connected:
            return
        if await self.granted():
            self._refused = False
            await self._ask_for(True)
        else:
            self._refuse()

    async def _ask_for(self, content: bool) -> None:
        if self._connection.content != content:
            log.info("what people write in Discord is asked for" if content else "Discord tells of mentions alone now")
            self._connection.content = content
            await self._connection.again()

    def _refuse(self) -> None:
        if not self._refused:
            log.warning("Discord withholds what people write: the message-content intent is off in the portal")
        self._refused, self._connection.content = True, False
        self._ask_at = time.monotonic() + self._ask_s
