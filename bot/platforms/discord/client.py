"""Discord's own client, as we use it: it remembers no text, and what it hears goes to everyone who listens.

Owns that what could not be kept is tried again, since Discord sends nothing twice, and how a lost connection is made
anew. Knows no event's meaning.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.chat.keeping import Pauses
from bot.platforms.discord.gateway import connected_for_ever
from bot.platforms.discord.global_limit import keep_passable

log = structlog.get_logger()

Hearer = Callable[..., Awaitable[object]]

# Pauses after which an event that failed is handed over again: a database may be away for some minutes.
TRIES_S = (0.5, 2.0, 8.0, 20.0, 40.0, 80.0)
GRACE_S = 1.0  # for what was heard last to be kept, when the client ends
LONGEST_LIMIT_S = 30.0  # that a call waits where Discord asks to; the library knows no shorter one
HERE = "here"  # our own event: a session was begun, and its guilds are known


@dataclass
class Presence:
    """When we last heard of Discord, and when that was before the session that stands now; None: never."""

    heard: datetime | None = None
    before: datetime | None = None


class Client(discord.Client):
    def __init__(
        self, intents: discord.Intents, presence: Presence | None = None, pauses: Pauses | None = None
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks aloud here
        super().__init__(
            intents=intents,
            max_messages=None,  # what people write stays in rows of opened channels alone
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_LIMIT_S,
        )
        keep_passable(self.http, LONGEST_LIMIT_S)
        self.presence, self.pauses = presence or Presence(), pauses or Pauses()
        self.stands = False  # whether what happens is told to us
        self.began = datetime.now(UTC)  # the session
        self.asked_for = intents.value  # with which the session was begun
        self.given_up = False  # whether it is ended by us, for another one
        self._complete = False  # whether the session's guilds are known
        self._hearers: defaultdict[str, list[Hearer]] = defaultdict(list)
        self._hearing: set[asyncio.Task[None]] = set()
        self._working: set[asyncio.Task[None]] = set()

    async def connect(self, *, reconnect: bool = True) -> None:
        """Raises what no other try would mend."""
        await connected_for_ever(self)

    async def anew(self, intents: discord.Intents) -> None:
        """Another session, with these intents. Calls that are on their way go on: an answer may be growing."""
        self._connection._intents = intents
        self.stands = False
        if self.ws:
            self.given_up = self.ws.open
            self.ws.session_id = None  # which is not taken up again
            await self.ws.close(4000)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Pauses are ours already."""

    def hear(self, event: str, hearer: Hearer) -> None:
        """Hand each event of this name, as the library has it ("raw_message_edit"), over to `hearer` too."""
        self._hearers[event].append(hearer)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if event == "socket_event_type":
            self._note(args[0])
        super().dispatch(event, *args, **kwargs)
        for hearer in self._hearers.get(event, ()):
            self._begin(_heard(event, hearer, *args), self._hearing)
        match event:
            case "connect":  # its guilds follow
                self._complete = False
                self._look_around()
            case "guild_available" | "guild_join":
                self._look_around()
            case "ready":
                self._settle()
            case "resumed":
                self.stands = self._complete
            case "disconnect":
                self.stands = False
            case _:
                pass

    def _note(self, event: str) -> None:
        if event == "READY":
            self.presence.before, self.began = self.presence.heard, datetime.now(UTC)
        self.presence.heard = datetime.now(UTC)

    def _look_around(self) -> None:
        """The library waits for two seconds of silence; there is no need where every guild has come."""
        if not any(guild.unavailable for guild in self.guilds):
            self._settle()

    def _settle(self) -> None:
        if not self._complete:
            self._complete = self.stands = True
            self.dispatch(HERE)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that ends with the client."""
        self._begin(work, self._working)

    def _begin(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def close(self) -> None:
        self.stands = False
        await super().close()
        if self._hearing:
            await asyncio.wait(set(self._hearing), timeout=GRACE_S)
        tasks = [*self._hearing, *self._working]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _heard(event: str, hearer: Hearer, *args: Any) -> None:
    for pause in (*TRIES_S, None):
        try:
            await hearer(*args)
        except Exception as error:
            if pause is None:
                log.exception("an event of Discord's could not be taken", event_of=event)
                return
            log.warning("an event of Discord's could not be taken; trying again", event_of=event, why=repr(error))
            await asyncio.sleep(pause)
        else:
            return


def point_at(api_url: str, gateway_url: str) -> None:
    """Where Discord is. The library keeps that for the whole process."""
    Route.BASE = api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
