"""The engines of this process, one per base: opened when first needed, within a limit of memory.

Owns which bases are open, who uses them and which one makes room. Knows no row, no adapter and no model: how a
base is weighed and opened is given by functions.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog

from bot.generation.engine import Engine, EngineBusy, EngineUnavailable
from db.words import later

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
        self._opening: dict[str, asyncio.Task[None]] = {}
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
        while base not in self._opened:  # opened, it may have made room again before we came to it
            await self._open(base)
        opened = self._opened[base]
        try:
            with self._held(opened):
                yield opened.engine
        finally:
            opened.used_at = time.monotonic()

    @asynccontextmanager
    async def open_now(self, base: str) -> AsyncGenerator[Engine | None]:
        """The engine if the base is open, which it stays during the block; this counts as no use of it."""
        opened = self._opened.get(base)
        if opened is None:
            yield None
            return
        with self._held(opened):
            yield opened.engine

    async def aclose(self) -> None:
        for task in self._opening.values():
            task.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        for opened in self._opened.values():
            await opened.engine.aclose()
        self._opened.clear()

    @contextmanager
    def _held(self, opened: Opened) -> Generator[None]:
        opened.users += 1
        try:
            yield
        finally:
            opened.users -= 1

    async def _open(self, base: str) -> None:
        """One opening for all who wait; one who gives up leaves it to the others, and to those who come."""
        if base not in self._opening:
            task = self._opening[base] = asyncio.create_task(self._opened_within_limit(base))
            task.add_done_callback(lambda done: self._arrived(base, done))
        await asyncio.shield(self._opening[base])

    def _arrived(self, base: str, opening: asyncio.Task[None]) -> None:
        del self._opening[base]
        if not opening.cancelled():
            opening.exception()  # looked at, in case nobody waits for it any more

    async def _opened_within_limit(self, base: str) -> None:
        size = await self._weigh(base)
        async with self._making_room:
            await self._make_room(base, size)
            self._opened[base] = Opened(await self._open_engine(base), size, used_at=time.monotonic())

    async def _make_room(self, base: str, size: int) -> None:
        if not self._limit or not size:
            return
        if size > self._limit:
            raise EngineUnavailable(
                later(
                    "The base {base} takes about {size:.1f} GB, and [generation] memory_limit_mb allows {limit:.1f} "
                    "GB; raise it or choose a smaller base.",
                    base=base,
                    size=size / 1000000000.0,
                    limit=self._limit / 1000000000.0,
                )
            )
        while (taken := sum(opened.size for opened in self._opened.values())) + size > self._limit:
            idle = {name: one for name, one in self._opened.items() if one.size and not one.users}
            # Asked before each, for someone may have come while another one was closed.
            if taken - sum(one.size for one in idle.values()) + size > self._limit:
                raise EngineBusy(
                    later("There is no memory for {base} while others speak; ask again in a moment.", base=base)
                )
            oldest = min(idle, key=lambda name: idle[name].used_at)
            log.info("base put away to make room", base=oldest, room_for=base)
            await self._opened.pop(oldest).engine.aclose()
