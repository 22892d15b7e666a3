"""What every page has around it: the name, the way to the other pages, language and leaving.

Owns the look (colours, type) and the registration of a page. Knows no page's contents.
"""

from collections.abc import Awaitable, Callable
from copy import copy
from dataclasses import dataclass

from nicegui import ui
from nicegui.language import Language
from starlette.requests import Request

from bot.chat.troubles import is_ours, sentence
from bot.panel.house import House
from bot.panel.visitor import COOKIE, Visitor, language_of
from db import words
from db.words import LANGUAGES, say

_QUASAR: dict[str, Language] = {"en": "en-US", "ja": "ja"}  # what its own words are in
GREEN, SUN, INK = "#2f5d50", "#c8553d", "#24302c"

_LOOK = """
body { font-family: system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP",
       "Yu Gothic UI", Meiryo, sans-serif; background: #f6f4ee; color: #24302c; line-break: strict; }
.q-btn { text-transform: none; }
.q-notification .q-btn { color: #fff; }
.q-header { background: #2f5d50; }
.q-card { box-shadow: none; border: 1px solid #e0dccf; border-radius: 10px; }
.q-table th { font-weight: 600; color: #5b6a64; }
.said { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.7; }
a.here { font-weight: 600; border-bottom: 2px solid #fff; }
"""


@dataclass(frozen=True, slots=True)
class Page:
    """`title` is asked in the visitor's language; `build` fills the page."""

    path: str
    title: Callable[[], str]
    build: Callable[[Visitor], Awaitable[None]]


def add(house: House, page: Page, every: list[Page]) -> None:
    """Let `page` be reached at its path; `every` page stands in its head."""

    # A machine that trains meanwhile may take its time; NiceGUI would give a page up after three seconds.
    @ui.page(page.path, title="Yamabiko", favicon="⛰️", response_timeout=60)
    async def shown(request: Request) -> None:
        asked = dict(request.query_params)
        browser = request.cookies.get(COOKIE, "")
        visitor = Visitor(house, browser, request.state.actor, language_of(request), asked)
        with words.speaking(visitor.language):
            ui.page_title(f"{page.title()} · Yamabiko")
            _head(page, every, visitor)
            with ui.column().classes("w-full max-w-6xl mx-auto p-4 gap-4"):
                try:
                    await page.build(visitor)
                except Exception as error:
                    if not is_ours(error):
                        raise
                    ui.label(sentence(error)).classes("text-negative said")


def _head(here: Page, every: list[Page], visitor: Visitor) -> None:
    ui.colors(primary=GREEN, secondary=SUN, accent=SUN, dark=INK, positive="#3f7d58", negative="#b3402f")
    ui.add_css(_LOOK)
    client = ui.context.client
    client.page = copy(client.page)  # shared by all visitors as it comes, and with it the language
    client.page.language = _QUASAR[visitor.language]
    with ui.header().classes("items-center gap-6 px-6 py-3"):
        ui.link("山彦 Yamabiko", "/").classes("text-white text-lg no-underline")
        with ui.row().classes("gap-5 grow"):
            for page in every:
                link = ui.link(page.title(), page.path).classes("text-white no-underline")
                link.classes("here") if page is here else link
        for language, name in LANGUAGES.items():
            if language != visitor.language:
                ui.link(name, f"/language/{language}").classes("text-white text-sm")
        leaving = f'<form method="post" action="/leave"><button class="text-white text-sm">{say("Sign out")}</button>'
        ui.html(f"{leaving}</form>", sanitize=False)


def heading(text: str, below: str = "") -> None:
    """A page's own title, and a line that says what it is for."""
    with ui.column().classes("gap-0"):
        ui.label(text).classes("text-2xl font-medium")
        if below:
            ui.label(below).classes("text-gray-600")
