"""A page that looks again every second while there is something to see.

Owns the timer and its end. Knows no page.
"""

from collections.abc import Awaitable, Callable

from nicegui import ui

from bot.panel.visitor import Visitor

SECONDS = 1.0


async def every_second(visitor: Visitor, look: Callable[[], Awaitable[bool]]) -> None:
    """`look` now, and every second as long as it returns True; a failure is told once and ends it."""
    if not await look():
        return

    async def again() -> None:
        more = False
        try:
            more = await look()
        finally:
            if not more:
                timer.cancel()

    timer = ui.timer(SECONDS, visitor.handling(again), immediate=False)
