"""The real panel with a simulated browser: NiceGUI's user simulation behind our own door.

Owns the isolation of one panel from the next. Knows no page.
"""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from nicegui import Client, ui
from nicegui.functions.download import download
from nicegui.functions.navigate import Navigate
from nicegui.functions.notify import notify
from nicegui.testing.general import nicegui_reset_globals
from nicegui.testing.user import User

from bot.chat.collecting.ingest import Archive
from bot.engines import Engines
from bot.importers.text_file import TextFile
from bot.live_adapters import LiveAdapters
from bot.panel.house import Bases, House
from bot.panel.imports import FileKind, Upload
from bot.panel.server import web_of
from bot.panel.visitor import COOKIE
from db import signins
from db.session import Sessions, transaction
from tests.fakes.engine import ScriptedEngine, weightless

ADDRESS = "http://127.0.0.1"


@dataclass
class Found:
    """A finding of a doctor who says what the test wants."""

    what: str
    ok: bool
    detail: str
    advice: str = ""


def house_of(sessions: Sessions, folder: Path, engine: ScriptedEngine | None = None, **changed: Any) -> House:
    """A house over real rows, in which `engine` speaks on every base."""
    speaking = engine or ScriptedEngine(otherwise="Echo!")

    async def open_base(base: str) -> ScriptedEngine:
        return speaking

    async def examine() -> Sequence[Found]:
        return [Found("python", True, "3.11"), Found("disk", False, "0.1 GB free", "Free some space.")]

    def text(file: Upload) -> Archive:
        return TextFile(file.path, file.options.get("channel"), name=file.name)

    facts: dict[str, Any] = {
        "sessions": sessions,
        "live": LiveAdapters(sessions, Engines(weightless, open_base), folder / "adapters"),
        "examine": examine,
        "bases": Bases(["tiny", "served"], frozenset(["served"]), lambda base: None),
        "uploads": folder / "uploads",
        "kinds": {"text": FileKind("text", ".txt", "owner_file", text, asks=("channel",))},
    }
    return House(**{**facts, **changed})


@asynccontextmanager
async def panel(house: House) -> AsyncGenerator[User]:
    """Someone's browser at the panel of `house`, not signed in."""
    with nicegui_reset_globals():
        os.environ["NICEGUI_USER_SIMULATION"] = "true"
        web = web_of(house, [])
        try:
            async with web.router.lifespan_context(web):
                through = httpx.ASGITransport(web)
                async with httpx.AsyncClient(transport=through, base_url=ADDRESS) as client:
                    yield User(client)
        finally:
            Client.page_routes.clear()  # NiceGUI would forget our modules with their pages
            os.environ.pop("NICEGUI_USER_SIMULATION", None)
            ui.navigate, ui.notify, ui.download = Navigate(), notify, download


async def sign_in(user: User, sessions: Sessions, member_id: int | None = None) -> None:
    """As a link from the shell, or a member's own, lets someone in."""
    now = datetime.now(UTC)
    async with transaction(sessions) as session:
        link = await signins.offer(session, member_id, now)
        user.http_client.cookies.set(COOKIE, await signins.enter(session, link, timedelta(days=1), now))


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """A handler's work is done in the background: wait until it is seen."""
    until = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < until, "it never came to be so"
        await asyncio.sleep(0.05)
