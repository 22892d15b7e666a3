"""What may be told several times is done once: a network tells of a message in two events, or again after a while.

Owns what was done lately, in memory; what must hold across restarts is a row's to say. Knows no event.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

_REMEMBERED = 2000


class Once:
    def __init__(self) -> None:
        self._done: OrderedDict[Hashable, asyncio.Future[None]] = OrderedDict()

    async def do(self, key: Hashable, work: Callable[[], Awaitable[object]]) -> None:
        """Return when the work of this key is done; it is not begun while another does it, nor after it went well."""
        if (before := self._done.get(key)) is not None:
            await asyncio.wait([before])
            if not before.cancelled() and before.exception() is None:
                return
        done = self._done[key] = asyncio.ensure_future(_of(work))
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
        await asyncio.shield(done)


async def _of(work: Callable[[], Awaitable[object]]) -> None:
    await work()
