"""That the bot is typing, shown where it was asked while no word of the answer is there.

Owns showing it again before Discord forgets it. That it fails is no reason to fail an answer.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog

from bot.chat.events import Thread
from bot.platforms.discord.wire import Wire, place_of

log = structlog.get_logger()

AGAIN_S = 8.0  # Discord forgets it after ten seconds


class Thinking:
    """Of several answers in one channel, one shows it for all."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._awaited: Counter[str] = Counter()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def shown(self, to: Thread) -> AsyncGenerator[Callable[[], None]]:
        """Until the block ends, or until what is given is called, right before something is posted: Discord takes it
        away then, and what is shown after stays for ten seconds.
        """
        place, ended = place_of(to), False

        def end() -> None:
            nonlocal ended
            if not ended:
                ended = True
                self._end(place)

        self._begin(to, place)
        try:
            yield end
        finally:
            end()

    def _begin(self, to: Thread, place: str) -> None:
        self._awaited[place] += 1
        if place not in self._tasks:
            self._tasks[place] = asyncio.create_task(self._show(to))

    def _end(self, place: str) -> None:
        self._awaited[place] -= 1
        if not self._awaited[place]:
            del self._awaited[place]
            self._tasks.pop(place).cancel()

    async def _show(self, to: Thread) -> None:
        while True:
            try:
                await (await self._wire.channel(to)).typing()
            except Exception as error:
                log.info("typing could not be shown", why=repr(error))
                return
            await asyncio.sleep(AGAIN_S)
