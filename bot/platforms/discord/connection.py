"""The connection to Discord.

Owns who we are there, with which intents, and what is alive only while we are connected. Knows nothing of replies.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import aiohttp
import discord

from bot.chat.events import Missed
from bot.chat.keeping import Pauses
from bot.chat.platform import NotAdmitted, NotReached, OnEvent
from bot.platforms.discord.asking import unknown_token
from bot.platforms.discord.client import HERE, Client, Presence, point_at
from db.words import mark, say

SOON_S = 15.0  # for a reply to wait for the connection: at the start, and when it is made anew

_CLOSED: Mapping[int, str] = {
    4011: mark("The bot is in so many servers that Discord wants several connections; it can hold one."),
    4014: mark("Discord refuses the message-content intent; switch it on in the developer portal, under Bot."),
}


class ContentRefused(NotAdmitted):
    """The bot asked for the message-content intent, and its switch in the developer portal is off."""


class Listener(Protocol):
    """A room within this one that hears of something: it names its events to each new client."""

    def listen(self, client: Client, on_event: OnEvent) -> None: ...


class Connection:
    """`listeners` hear of what happens; `client` is there while connected. `content`: whether what people write
    without mentioning us is asked for; whoever changes it calls `again`.
    """

    def __init__(
        self,
        token: str,
        api_url: str,
        gateway_url: str,
        listeners: Sequence[Listener],
        *,
        content: bool = False,
        pauses: Pauses | None = None,
    ) -> None:
        self._token, self._listeners = token, listeners
        self._point: Callable[[], None] = lambda: point_at(api_url, gateway_url)
        self.content, self._pauses = content, pauses or Pauses()
        self._client: Client | None = None
        self._there = asyncio.Event()
        self._presence = Presence()

    @property
    def connected(self) -> bool:
        client = self._client
        return client is not None and client.stands and client.ws.open

    @property
    def client(self) -> Client:
        """Raises NotReached while there is none."""
        if self._client is None:
            raise NotReached(say("Discord is not connected."))
        return self._client

    async def reached(self) -> Client:
        """The client, as soon as it is there. Raises NotReached when that takes too long."""
        try:
            async with asyncio.timeout(SOON_S):
                await self._there.wait()
        except TimeoutError:
            pass
        return self.client

    async def again(self) -> None:
        """Begin another session, with the intents that are wanted now."""
        if self._client is not None:
            await self._client.anew(intents(content=self.content))

    async def serve(self, on_event: OnEvent) -> None:
        """Hand over what happens, for ever. Raises NotAdmitted (ContentRefused), NotReached."""
        while True:
            await self._served(on_event)

    async def _served(self, on_event: OnEvent) -> None:
        """Until the client ends."""
        self._point()
        client = Client(intents(content=self.content), self._presence, self._pauses)
        for listener in self._listeners:
            listener.listen(client, on_event)

        async def missed() -> None:
            await on_event(Missed("discord"))

        client.hear(HERE, missed)
        try:
            async with client:
                await client.login(self._token)
                self._client = client
                self._there.set()
                await client.connect()
        except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _as_told(error) from error
        finally:
            self._there.clear()
            self._client = None
            await asyncio.sleep(0)  # what was closed just now leaves


def _as_told(error: Exception) -> NotAdmitted | NotReached:
    match error:
        case discord.LoginFailure() | discord.ConnectionClosed(code=4004):
            return NotAdmitted(unknown_token())
        case discord.PrivilegedIntentsRequired() | discord.ConnectionClosed(code=4014):
            return ContentRefused(say(_CLOSED[4014]))
        case discord.ConnectionClosed(code=int(code)):
            closed = say("Discord does not let the bot in (code {code}).", code=code)
            return NotAdmitted(say(_CLOSED[code]) if code in _CLOSED else closed)
        case discord.HTTPException(status=status):
            return NotReached(say("Discord cannot be reached ({reason}).", reason=status))
        case _:
            return NotReached(say("Discord cannot be reached ({reason}).", reason=type(error).__name__))


def intents(*, content: bool = False) -> discord.Intents:
    """What we ask to hear of. None of it is privileged but `content`: what people write without mentioning us."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = True
    wanted.guild_reactions = wanted.dm_reactions = True
    wanted.message_content = content
    return wanted
