"""A call to Discord about one of our posts.

Owns taking turns, waiting for a connection that is made anew, taking a thread out of the archive where that is in the
way, and turning refusals into what the chat rooms know. Knows nothing of what is said.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import aiohttp
import discord

from bot.chat.events import Thread
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.errors import THREAD_ARCHIVED, told
from bot.platforms.discord.pace import Pace

T = TypeVar("T")
Ours = Callable[[], Awaitable[None]]


class Wire:
    def __init__(self, connection: Connection, pace: Pace) -> None:
        self.connection, self.pace = connection, pace

    async def channel(self, to: Thread) -> discord.PartialMessageable:
        """Where answers to a mention stand. Raises NotReached."""
        return (await self.connection.reached()).get_partial_messageable(int(place_of(to)))

    async def call(
        self, to: Thread, what: Callable[[discord.PartialMessageable], Awaitable[T]], ours: Ours | None = None
    ) -> T:
        """`what` there, when it is its turn; `ours` is awaited right before each try.

        It must do no harm when it is done twice: the connection may be made anew in the midst of it. Raises
        NotReached, NotShown, Gone, what `ours` raises, and what the library raises for what may pass.
        """
        for mended in (False, True):
            client = await self.connection.reached()
            await self.pace.turn(place_of(to))
            if ours is not None:
                await ours()
            try:
                return await what(client.get_partial_messageable(int(place_of(to))))
            except discord.HTTPException as error:
                if mended or error.code != THREAD_ARCHIVED:
                    raise told(error) from error
                with suppress(discord.HTTPException):  # what is asked next says why not
                    await client.http.edit_channel(int(place_of(to)), archived=False)
            except (aiohttp.ClientError, RuntimeError):
                if mended or not client.is_closed():
                    raise
        raise AssertionError("the second try returns or raises")


def place_of(to: Thread) -> str:
    """The id of the channel or thread where an answer to a mention stands."""
    return to.thread or to.channel
