"""Dialogs: what is asked before something is done, gone from the page when it closes.

Owns their frame. Knows no page.
"""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from nicegui import ui

from bot.panel.visitor import Visitor
from db.words import say


@contextmanager
def asking(title: str, wide: bool = False) -> Generator[ui.dialog]:
    """An open dialog with what the block puts in it."""
    # In the page's own content: the list a button stands in may be drawn anew while its dialog is open.
    with ui.context.client.content, ui.dialog() as dialog:
        width = "width: 760px; max-width: 92vw" if wide else "width: 480px; max-width: 92vw"
        with ui.card().style(width).classes("gap-3 p-5"):
            ui.label(title).classes("text-lg font-medium")
            yield dialog
    dialog.on("hide", dialog.delete)
    dialog.open()


def decide(visitor: Visitor, dialog: ui.dialog, action: str, do: Callable[[], Awaitable[object]]) -> None:
    """The two buttons at a dialog's end: away, or `action`; it stays open when `do` is refused."""

    async def done() -> None:
        button.disable()
        try:
            await do()
        finally:
            button.enable()
        dialog.close()

    with ui.row().classes("w-full justify-end gap-2 pt-2"):
        ui.button(say("Not now"), on_click=dialog.close).props("flat")
        button = ui.button(action, on_click=visitor.handling(done)).mark("do")


def confirm(visitor: Visitor, title: str, below: str, action: str, do: Callable[[], Awaitable[object]]) -> None:
    """`do` only after a second thought."""
    with asking(title) as dialog:
        ui.label(below).classes("said text-gray-700")
        decide(visitor, dialog, action, do)
