"""A card that grows while its command works, within what a place can show.

Owns how often. Calls nobody itself.
"""

import asyncio
from contextlib import aclosing

from bot.chat.cards import Growing
from bot.platforms.slack.places import Place

EVERY_S = 5.0  # between two cards


async def grow(place: Place, growing: Growing) -> None:
    """The first card, the last, and some between: no more than the place has room for, and not one upon another."""
    clock = asyncio.get_running_loop().time
    due = clock()
    first, waits = True, None  # `waits` was not shown yet
    async with aclosing(growing.cards) as cards:
        async for card in cards:
            waits = card
            if first or (place.room > 1 and clock() >= due):
                await place.show(card)
                first, due, waits = False, clock() + EVERY_S, None
    if waits is not None:
        await place.show(waits)
