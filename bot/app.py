"""The bot's composition root: what is opened here is closed here, in reverse.

Reads the config; everything below gets plain values.
"""

import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.chat.allowance import Allowance
from bot.chat.reply import Limits, Replier
from bot.chat.router import Router
from bot.config import BotConfig
from bot.generation.engine import Engine
from bot.live_adapters import LiveAdapters
from bot.prepare import Progress, prepare
from db import config, migrate
from db.session import Sessions, check, open_engine, sessions_of


class StorageUnavailable(Exception):
    """The data folder cannot be made; the message names it and says what to do."""


READY = "ready"  # what is told when a base is open


@dataclass(frozen=True, slots=True)
class Rows:
    """What verbs need: the settings and the database, brought up to date."""

    settings: BotConfig
    engine: AsyncEngine
    sessions: Sessions


@dataclass(frozen=True, slots=True)
class App:
    """What talking needs beside."""

    rows: Rows
    live: LiveAdapters
    router: Router


@asynccontextmanager
async def open_rows() -> AsyncGenerator[Rows]:
    """Raises ConfigRefused, StorageUnavailable, DatabaseUnavailable."""
    settings = config.load(BotConfig)
    make_folder(settings.storage.folder)
    engine = open_engine(settings.database_url)
    try:
        await check(engine)
        await migrate.upgrade(engine)
        yield Rows(settings, engine, sessions_of(engine))
    finally:
        await engine.dispose()


def make_folder(folder: Path) -> None:
    """The data folder, there from now on. Raises StorageUnavailable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(
            f"The data folder {folder} cannot be made ({error.strerror}); mend [storage] folder or its rights."
        ) from error


@asynccontextmanager
async def open_app(progress: Progress) -> AsyncGenerator[App]:
    """Everything for talking; bases are prepared and opened when someone first talks to them."""
    async with AsyncExitStack() as stack:
        rows = await stack.enter_async_context(open_rows())

        async def open_base(base: str) -> Engine:
            return await _open_base(rows.settings, base, progress)

        live = LiveAdapters(rows.sessions, open_base, rows.settings.adapters_folder)
        stack.push_async_callback(live.aclose)
        chat = rows.settings.chat
        limits = Limits(chat.context_replies, chat.context_days, rows.settings.generation.reply_seconds)
        instance = f"{socket.gethostname()}:{os.getpid()}"
        replier = Replier(rows.sessions, live, limits, instance)
        allowance = Allowance(chat.member_per_minute, chat.channel_per_minute, chat.member_waiting)
        yield App(rows, live, Router(rows.sessions, replier, allowance))


async def _open_base(settings: BotConfig, base: str, progress: Progress) -> Engine:
    from bot.generation.embedded import EmbeddedEngine  # torch is slow to import; verbs do without

    folder = settings.base_folder(base)
    if not (folder / "base.json").is_file():
        await prepare(base, progress)
    engine = EmbeddedEngine(
        folder, max_waiting=settings.generation.max_waiting, threads=settings.generation.threads or None
    )
    await engine.start()
    progress(READY, None)
    return engine
