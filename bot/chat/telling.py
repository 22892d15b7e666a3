"""Sentences of the bot's own on their way to the one who asked.

Owns for how long somebody waits who tells: a network may take its time, and what it does not take is lost, as it was
a kindness. Knows no network.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

WAITED_S = 0.7


class Telling:
    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    async def begin(self, telling: Coroutine[Any, Any, None]) -> None:
        """`telling` raises nothing; it goes on when nobody waits for it any more."""
        task = asyncio.create_task(telling)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait([task], timeout=WAITED_S)

    async def aclose(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
