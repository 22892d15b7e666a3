"""The real SDK, pointed at the pretended Discord.

Owns a client as a bot would have one, which writes down what it hears, and what it is refused with. Knows nothing of
our bot.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fakes.discord import FakeDiscord

SomeClient = TypeVar("SomeClient", bound=discord.Client)


@contextmanager
def pointed_at(there: FakeDiscord) -> Iterator[None]:
    """The library knows no other Discord meanwhile."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = there.api, yarl.URL(there.link)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


def usual_intents(**more: bool) -> discord.Intents:
    """None of them privileged."""
    return discord.Intents(**{"guilds": True, "messages": True, "reactions": True} | more)


class Hearing(discord.Client):
    """A client that writes down every raw event; it does not wait between connections."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        options = {"guild_ready_timeout": 0.02, "enable_debug_events": True} | options
        super().__init__(intents=intents or usual_intents(), **options)
        self.tree = discord.app_commands.CommandTree(self)
        self.frames: list[dict[str, Any]] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """discord.py would wait five seconds."""

    async def on_socket_raw_receive(self, frame: str) -> None:
        self.frames.append(discord.utils._from_json(frame))

    def events(self, name: str) -> list[dict[str, Any]]:
        return [one["d"] for one in self.frames if one["t"] == name]


@asynccontextmanager
async def running(there: FakeDiscord, client: SomeClient) -> AsyncGenerator[SomeClient]:
    """The client is ready meanwhile; what ended its connection for good, if something did, is raised at once."""
    with pointed_at(there):
        serving = asyncio.create_task(client.start(there.token))
        try:
            while not client.is_ready():  # wait_until_ready needs a client that has logged in
                if serving.done():
                    await serving
                await asyncio.sleep(0.005)
            yield client
        finally:
            await client.close()
            await asyncio.gather(serving, return_exceptions=True)


async def refused(call: Awaitable[object]) -> tuple[int, int]:
    """With what status and what code."""
    with pytest.raises(discord.HTTPException) as raised:
        await call
    return raised.value.status, raised.value.code


async def complaints(call: Awaitable[object]) -> str:
    """What Discord says in particular is wrong with this call."""
    with pytest.raises(discord.HTTPException) as raised:
        await call
    assert raised.value.code == 50035, raised.value
    return raised.value.text
