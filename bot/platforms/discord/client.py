"""Discord's own client, as we use it: it remembers no text, and what it hears goes to everyone who listens.

Owns that what could not be kept is tried again, since Discord sends nothing twice. Knows no event's meaning.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

log = structlog.get_logger()

Hearer = Callable[..., Awaitable[object]]

TRIES_S = (0.5, 2.0, 8.0)  # pauses after which an event that failed is handed over again


class Client(discord.Client):
    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(
            intents=intents,
            max_messages=None,  # what people write stays in rows of opened channels alone
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._hearers: defaultdict[str, list[Hearer]] = defaultdict(list)
        self._hearing: set[asyncio.Task[None]] = set()

    def hear(self, event: str, hearer: Hearer) -> None:
        """Hand each event of this name, as the library has it ("raw_message_edit"), over to `hearer` too."""
        self._hearers[event].append(hearer)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        super().dispatch(event, *args, **kwargs)
        for hearer in self._hearers.get(event, ()):
            self.begin(_heard(event, hearer, *args))

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that ends with the client."""
        task = asyncio.create_task(work)
        self._hearing.add(task)
        task.add_done_callback(self._hearing.discard)

    async def close(self) -> None:
        await super().close()
        for task in list(self._hearing):
            task.cancel()
        await asyncio.gather(*self._hearing, return_exceptions=True)


async def _heard(event: str, hearer: Hearer, *args: Any) -> None:
    for pause in (*TRIES_S, None):
        try:
            await hearer(*args)
        except Exception as error:
            if pause is None:
                log.exception("an event of Discord's could not be taken", event=event)
                return
            log.warning("an event of Discord's could not be taken; trying again", event=event, why=repr(error))
            await asyncio.sleep(pause)
        else:
            return


def point_at(api_url: str, gateway_url: str) -> None:
    """Where Discord is. The library keeps that for the whole process."""
    Route.BASE = api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
