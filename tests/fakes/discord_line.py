"""The bot's own connection to the pretended Discord, with those of its rooms that a test is about.

Owns connecting. Knows no rows and no desk.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from bot.chat.events import Event, Missed
from bot.chat.keeping import Pauses
from bot.platforms.discord.connection import Connection, Listener
from tests.fakes.discord import FakeDiscord
from tests.fakes.pretended_discord.app import pointed_at


class Line:
    """`heard` is what was handed over."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.heard: list[Event] = []

    async def on_event(self, event: Event) -> None:
        if not isinstance(event, Missed):
            self.heard.append(event)


@asynccontextmanager
async def on_line(
    there: FakeDiscord, listeners: Callable[[Connection], Sequence[Listener]] = lambda connection: ()
) -> AsyncGenerator[Line]:
    rooms: list[Listener] = []
    connection = Connection(there.token, there.api, there.link, rooms, pauses=Pauses(0.05, 0.1, 0.1))
    rooms += listeners(connection)
    line = Line(connection)
    with pointed_at(there):
        serving = asyncio.create_task(connection.serve(line.on_event))
        try:
            await there.until(lambda: connection.connected or serving.done())
            yield line
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
