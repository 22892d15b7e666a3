"""Pages that stand open in a network, shown again when something they tell has changed.

Owns who looks at one, for how long that is believed, and how often it is built. Knows no page and no network.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.chat.cards import Card

log = structlog.get_logger()

EVERY_S = 3.0
BELIEVED_S = 600.0  # since it was last opened; no network tells when somebody closes a page
ANYWAY_S = 30.0  # ages and the like change without a row
MOST = 200  # pages; one more, and the one opened longest ago is left as it is
AT_ONCE = 8  # calls to networks
PATIENCE_S = 20.0  # for one page

Build = Callable[[], Awaitable[Card]]
Publish = Callable[[Card], Awaitable[None]]
Look = Callable[[], Awaitable[Hashable]]
Pace = Callable[[], float]


@dataclass(slots=True)
class _Watcher:
    """`until` it is believed to stand open; `pace` tells how many seconds lie between two changes."""

    build: Build
    publish: Publish
    until: float
    pace: Pace
    built_at: float
    published_at: float
    shown: Card
    seen: Hashable = None


class Refreshing:
    """`look` gives something that differs as soon as a row that pages tell of has changed."""

    def __init__(self, look: Look, *, every_s: float = EVERY_S, believed_s: float = BELIEVED_S) -> None:
        self._look, self._every_s, self._believed_s = look, every_s, believed_s
        self._watchers: dict[Hashable, _Watcher] = {}

    async def open(self, key: Hashable, build: Build, publish: Publish) -> None:
        """Show a page now, and for a while whenever it has changed. Raises what building and publishing raise.

        `key` names who looks where: opened again, it is shown again.
        """
        await self._show(key, build, publish, time.monotonic() + self._believed_s, lambda: 0.0)
        passing = [one for one, watcher in self._watchers.items() if watcher.until < math.inf]
        for one in passing[: max(0, len(passing) - MOST)]:
            del self._watchers[one]

    async def stand(self, key: Hashable, build: Build, publish: Publish, pace: Pace) -> None:
        """As `open`, for good: until it is closed, or cannot be shown once."""
        await self._show(key, build, publish, math.inf, pace)

    def stands(self, key: Hashable) -> bool:
        return key in self._watchers

    def close(self, key: Hashable) -> None:
        self._watchers.pop(key, None)

    async def _show(self, key: Hashable, build: Build, publish: Publish, until: float, pace: Pace) -> None:
        self.close(key)
        now = time.monotonic()
        card = await build()
        await publish(card)
        self._watchers[key] = _Watcher(build, publish, until, pace, now, time.monotonic(), card)

    async def follow(self) -> None:
        """Look again for ever."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.refresh()
            except Exception:
                log.exception("looking for what has changed failed; trying again")

    async def refresh(self) -> None:
        """Show anew what has changed since the last look."""
        now = time.monotonic()
        for key, watcher in list(self._watchers.items()):
            if now > watcher.until:
                del self._watchers[key]
        if not self._watchers:
            return
        seen = await self._look()
        limit = asyncio.Semaphore(AT_ONCE)
        due = [one for one in self._watchers.items() if _is_due(one[1], seen, now)]
        await asyncio.gather(*(self._again(key, watcher, seen, limit) for key, watcher in due))

    async def _again(self, key: Hashable, watcher: _Watcher, seen: Hashable, limit: asyncio.Semaphore) -> None:
        try:
            async with limit, asyncio.timeout(PATIENCE_S):
                card = await watcher.build()
                watcher.built_at, watcher.seen = time.monotonic(), seen
                if card != watcher.shown:
                    await watcher.publish(card)
                    watcher.shown, watcher.published_at = card, time.monotonic()
        except Exception:
            log.warning("a page could not be shown again; it stays as it is", exc_info=True)
            if self._watchers.get(key) is watcher:  # opened again meanwhile, it is another one
                with suppress(KeyError):
                    del self._watchers[key]


def _is_due(watcher: _Watcher, seen: Hashable, now: float) -> bool:
    changed = watcher.seen != seen or now - watcher.built_at > ANYWAY_S
    return changed and now - watcher.published_at >= watcher.pace()
