"""Pages that stand open in a network, shown again when something they tell has changed.

Owns who looks at one, for how long that is believed, and how often it is built. Knows no page and no network.
"""

import asyncio
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


@dataclass(slots=True)
class _Watcher:
    build: Build
    publish: Publish
    opened_at: float
    built_at: float
    shown: Card


class Refreshing:
    """`look` gives something that differs as soon as a row that pages tell of has changed."""

    def __init__(self, look: Look, *, every_s: float = EVERY_S, believed_s: float = BELIEVED_S) -> None:
        self._look, self._every_s, self._believed_s = look, every_s, believed_s
        self._watchers: dict[Hashable, _Watcher] = {}
        self._seen: Hashable = None

    async def open(self, key: Hashable, build: Build, publish: Publish) -> None:
        """Show a page now, and for a while whenever it has changed. Raises what building and publishing raise.

        `key` names who looks where: opened again, it is shown again.
        """
        self._watchers.pop(key, None)
        now = time.monotonic()
        card = await build()
        await publish(card)
        self._watchers[key] = _Watcher(build, publish, now, now, card)
        while len(self._watchers) > MOST:
            del self._watchers[next(iter(self._watchers))]

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
            if now - watcher.opened_at > self._believed_s:
                del self._watchers[key]
        if not self._watchers:
            return
        seen = await self._look()
        changed, self._seen = seen != self._seen, seen
        limit = asyncio.Semaphore(AT_ONCE)
        due = [one for one in self._watchers.items() if changed or now - one[1].built_at > ANYWAY_S]
        await asyncio.gather(*(self._again(key, watcher, limit) for key, watcher in due))

    async def _again(self, key: Hashable, watcher: _Watcher, limit: asyncio.Semaphore) -> None:
        try:
            async with limit, asyncio.timeout(PATIENCE_S):
                card = await watcher.build()
                watcher.built_at = time.monotonic()
                if card != watcher.shown:
                    await watcher.publish(card)
                    watcher.shown = card
        except Exception:
            log.warning("a page could not be shown again; it stays as it is", exc_info=True)
            if self._watchers.get(key) is watcher:  # opened again meanwhile, it is another one
                with suppress(KeyError):
                    del self._watchers[key]
