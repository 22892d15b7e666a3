"""Waiting for what comes by itself.

Owns the patience of tests. Knows no platform.
"""

import asyncio
from collections.abc import Callable
from typing import Any


async def until(predicate: Callable[[], Any], seconds: float, shown: Callable[[], str]) -> Any:
    """What the predicate returns once it returns something; looks every hundredth of a second. `shown` says what
    there is, where it never did."""
    try:
        async with asyncio.timeout(seconds):
            while not (found := predicate()):  # noqa: ASYNC110  # any state may be asked for
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it did not come to this within {seconds} s; there is:\n{shown()}") from None
    return found
