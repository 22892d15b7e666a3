"""The connection to Discord.

Owns who we are there, with which intents, and what is alive only while we are connected. Knows nothing of replies.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import aiohttp
import discord

from bot.chat.events import Missed
from bot.chat.platform import NotAdmitted, NotReached, OnEvent
from bot.platforms.discord.client import Client, point_at
from db.words import say


class Listener(Protocol):
    """A room within this one that hears of something: it names its events to each new client."""

    def listen(self, client: Client, on_event: OnEvent) -> None: ...


class Connection:
    """`listeners` hear of what happens; `client` is there while connected."""

    def __init__(self, token: str, api_url: str, gateway_url: str, listeners: Sequence[Listener]) -> None:
        self._token, self._listeners = token, listeners
        self._point: Callable[[], None] = lambda: point_at(api_url, gateway_url)
        self._client: Client | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.ws is not None and self._client.ws.open

    @property
    def client(self) -> Client:
        """Raises NotReached while there is none."""
        if self._client is None:
            raise NotReached(say("Discord is not connected."))
        return self._client

    async def serve(self, on_event: OnEvent) -> None:
        """Hand over what happens, for ever. Raises NotAdmitted, NotReached."""
        self._point()
        self._client = client = Client(intents())
        for listener in self._listeners:
            listener.listen(client, on_event)

        async def missed() -> None:
            await on_event(Missed("discord"))

        client.hear("ready", missed)
        try:
            async with client:
                await client.start(self._token)
        except discord.LoginFailure:
            raise NotAdmitted(say("Discord does not know the bot's token.")) from None
        except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as error:
            why = type(error).__name__
            raise NotReached(say("Discord cannot be reached ({reason}).", reason=why)) from error
        finally:
            self._client = None
            await asyncio.sleep(0)


def intents(*, content: bool = False) -> discord.Intents:
    """What we ask to hear of. None of it is privileged but `content`: what people write without mentioning us."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = True
    wanted.guild_reactions = wanted.dm_reactions = True
    wanted.message_content = content
    return wanted
