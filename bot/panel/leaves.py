"""A long list on a page: a field to find in it, and leaves to turn.

Owns which leaf is shown. Knows nothing of what it lists.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from nicegui import ui

from bot.panel.visitor import Visitor
from db.searching import folded
from db.words import say

T = TypeVar("T")

LEAF = 25


class Leaves(Generic[T]):
    """`find` gets what was typed, folded, and gives all that fits; `show` builds one of them."""

    def __init__(
        self,
        visitor: Visitor,
        label: str,
        find: Callable[[str], Awaitable[Sequence[T]]],
        show: Callable[[T], None],
    ) -> None:
        self._visitor, self._label, self._find, self._show_one = visitor, label, find, show
        self._wanted, self._leaf, self._nothing = "", 0, ""

    async def build(self, nothing: str) -> None:
        """`nothing` is told where there is nothing to list."""
        self._nothing = nothing
        self._field = ui.input(self._label, on_change=self._visitor.handling(self._typed))
        self._field.props("dense outlined clearable debounce=300").classes("w-full max-w-sm")
        self._place = ui.column().classes("w-full gap-3")
        await self.show()

    async def _typed(self) -> None:
        self._wanted, self._leaf = folded(str(self._field.value or "").strip()), 0
        await self.show()

    async def show(self) -> None:
        """The list as it is now."""
        found = await self._find(self._wanted)
        self._leaf = max(0, min(self._leaf, (len(found) - 1) // LEAF))
        self._field.set_visibility(bool(self._wanted) or len(found) > LEAF // 2)
        self._place.clear()
        with self._place:
            if not found:
                ui.label(say("Nothing is called that.") if self._wanted else self._nothing).classes("said")
            for one in found[LEAF * self._leaf : LEAF * (self._leaf + 1)]:
                self._show_one(one)
            turning(self._visitor, self._leaf, LEAF, len(found), self._turn)

    async def _turn(self, leaf: int) -> None:
        self._leaf = leaf
        await self.show()


def turning(visitor: Visitor, leaf: int, size: int, total: int, turn: Callable[[int], Awaitable[None]]) -> None:
    """Which of a list's leaves is shown, and the way to its neighbours; nothing where there is one alone."""
    if total <= size:
        return

    def button(icon: str, name: str, to: int, there: bool) -> None:
        async def turned() -> None:
            await turn(to)

        made = ui.button(icon=icon, on_click=visitor.handling(turned)).props("flat round dense").mark(name)
        made.set_enabled(there)

    with ui.row().classes("items-center gap-2"):
        button("chevron_left", "before", leaf - 1, leaf > 0)
        first, last = leaf * size + 1, min(total, (leaf + 1) * size)
        ui.label(say("{first:,}–{last:,} of {total:,}", first=first, last=last, total=total))
        button("chevron_right", "after", leaf + 1, last < total)
