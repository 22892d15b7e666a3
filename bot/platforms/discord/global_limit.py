"""When Discord limits all calls at once.

Owns that a call which is given up while it waits for that takes no other with it.
"""

import asyncio
from typing import Any

from discord.http import HTTPClient


def keep_passable(http: HTTPClient, longest_s: float) -> None:
    """The library shuts a door for all calls and lets the one that was told so open it again. Where that one is
    cancelled, the door would stay shut for ever: it is opened when the longest wait that is borne is over.
    """
    request = http.request

    async def passable(*args: Any, **kwargs: Any) -> Any:
        try:
            return await request(*args, **kwargs)
        except asyncio.CancelledError:
            door: Any = getattr(http, "_global_over", None)
            if isinstance(door, asyncio.Event) and not door.is_set():
                asyncio.get_running_loop().call_later(longest_s, door.set)
            raise

    setattr(http, "request", passable)  # noqa: B010  # a method, as far as the types know
