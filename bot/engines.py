"""The engines of this process, one per base: opened when first needed, within a limit of memory.

Owns which bases are open, who uses them and which one makes room. Knows no row, no adapter and no model: how a
base is weighed and opened is given by functions.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.generation.engine import Engine, EngineBusy, EngineUnavailable

log = structlog.get_logger()

Weigh = Callable[[str], Awaitable[int]]  # the base's name → bytes it will take; prepares it when it must
Open = Callable[[str], Awaitable[Engine]]


@dataclass(eq=False, slots=True)
class Opened:
    engine: Engine
    size: int
    users: int = 0
    used_at: float = 0.0


class Engines:
    """`limit` in bytes, 0 for none. Bases elsewhere weigh nothing and are never closed for room."""

    def __init__(self, weigh: Weigh, open_engine: Open, limit: int = 0) -> None:
        self._weigh, self._open_engine, self._limit = weigh, open_engine, limit
        self._opened: dict[str, Opened] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._making_room = asyncio.Lock()

    @property
    def open(self) -> Mapping[str, Engine]:
        """What is open now, by the base's name."""
        return {base: opened.engine for base, opened in self._opened.items()}

    @asynccontextmanager
    async def using(self, base: str) -> AsyncGenerator[Engine]:
        """The base's engine, which stays open at least until the end of the block.

        Raises EngineBusy when every base that could make room is speaking, EngineUnavailable when this one is
        larger than the limit, and what weighing and opening raise.
        """
        opened = await self._ready(base)
        opened.users += 1
        try:
            yield opened.engine
        finally:
            opened.users -= 1
            opened.used_at = time.monotonic()

    async def aclose(self) -> None:
        for opened in self._opened.values():
            await opened.engine.aclose()
        self._opened.clear()

    async def _ready(self, base: str) -> Opened:
        if base in self._opened:  # those who are open wait for nobody's opening
            return self._opened[base]
        async with self._opening.setdefault(base, asyncio.Lock()):
            if base not in self._opened:
                size = await self._weigh(base)
                async with self._making_room:
                    await self._make_room(base, size)
                    self._opened[base] = Opened(await self._open_engine(base), size, used_at=time.monotonic())
            return self._opened[base]

    async def _make_room(self, base: str, size: int) -> None:
        if not self._limit or not size:
            return
        if size > self._limit:
            raise EngineUnavailable(
                f"The base {base} takes about {size / 1e9:.1f} GB, and [generation] memory_limit_mb allows "
                f"{self._limit / 1e9:.1f} GB; raise it or choose a smaller base."
            )
        while sum(opened.size for opened in self._opened.values()) + size > self._limit:
            idle = {name: one for name, one in self._opened.items() if one.size and not one.users}
            if not idle:
                raise EngineBusy(f"There is no memory for {base} while others speak; ask again in a moment.")
            oldest = min(idle, key=lambda name: idle[name].used_at)
            log.info("base put away to make room", base=oldest, room_for=base)
            await self._opened.pop(oldest).engine.aclose()
