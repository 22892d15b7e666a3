"""The bot's composition root: what is opened here is closed here, in reverse.

Reads the config; everything below gets plain values.
"""

import asyncio
import importlib
import os
import secrets
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.chat.events import Event, Mention
from bot.chat.platform import Platform
from bot.chat.replying.allowance import Allowance
from bot.chat.replying.answering import Answering
from bot.chat.replying.blocklist import Blocklist
from bot.chat.replying.reply import Limits, Replier
from bot.chat.replying.router import Router
from bot.config import BotConfig, Chat
from bot.engines import Engines
from bot.generation.engine import Engine
from bot.live_adapters import LiveAdapters
from bot.prepare import Progress, prepare
from db import config, migrate, personas, words
from db.session import Sessions, check, open_engine, reading, sessions_of
from db.words import say


class StorageUnavailable(Exception):
    """The data folder cannot be made; the message names it and says what to do."""


log = structlog.get_logger()

READY = "ready"  # what is told when a base is open
ROOM_BESIDE_WEIGHTS = 1.5
# The model's thread hands the interpreter over this often (Python's own: 5 ms): who acknowledges a mention waits for it
# at every step, a few dozen times.
SWITCH_S = 0.0005


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
    answering: Answering
    replier: Replier

    async def ask(self, platform: Platform, event: Event) -> None:
        """For a platform where one person asks, and waits for each answer: returns when it was shown."""
        assert isinstance(event, Mention), "a terminal does nothing but ask"
        reply_id = await self.router.on_mention(platform, event)
        if reply_id is not None:
            await self.answering.settled(reply_id)


@asynccontextmanager
async def open_rows() -> AsyncGenerator[Rows]:
    """Raises ConfigRefused, StorageUnavailable, DatabaseUnavailable."""
    settings = config.load(BotConfig)
    words.set_default(settings.language.default)
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
            say(
                "The data folder {folder} cannot be made ({reason}); mend [storage] folder or its rights.",
                folder=folder,
                reason=error.strerror,
            )
        ) from error


@asynccontextmanager
async def open_app(progress: Progress) -> AsyncGenerator[App]:
    """Everything for talking; bases are prepared and opened when someone first talks to them."""
    sys.setswitchinterval(SWITCH_S)
    async with AsyncExitStack() as stack:
        rows = await stack.enter_async_context(open_rows())

        async def weigh(base: str) -> int:
            return await _weigh(rows.settings, base, progress)

        async def open_base(base: str) -> Engine:
            return await _open_base(rows.settings, base, progress)

        engines = Engines(weigh, open_base, rows.settings.generation.memory_limit_mb * 1_000_000)
        live = LiveAdapters(rows.sessions, engines, rows.settings.adapters_folder)
        stack.push_async_callback(live.aclose)
        replier = _replier(rows, live)
        answering = _answering(rows, replier)
        await stack.enter_async_context(answering.running())
        router = Router(rows.sessions, answering.wake, _allowance(rows.settings.chat))
        yield App(rows, live, router, answering, replier)


async def warm(app: App) -> None:
    """Open what personas stand on, as far as memory goes, so that the first who asks need not wait for it."""
    async with reading(app.rows.sessions) as session:
        every = {persona.base: persona for persona in await personas.every(session)}
    for base, persona in every.items():
        try:
            async with app.live.voice(persona):
                log.info("a base is open", base=base)
        except Exception as error:  # whoever asks is told
            log.info("a base could not be opened beforehand", base=base, why=str(error))


def _allowance(chat: Chat) -> Allowance:
    return Allowance(chat.member_per_minute, chat.channel_per_minute, chat.member_waiting)


def _replier(rows: Rows, live: LiveAdapters) -> Replier:
    chat, generation = rows.settings.chat, rows.settings.generation
    limits = Limits(
        chat.context_replies,
        chat.context_messages,
        chat.context_days,
        generation.reply_seconds,
        patience=timedelta(minutes=chat.patience_minutes),
    )
    return Replier(rows.sessions, live, limits, Blocklist(chat.blocklist))


def _answering(rows: Rows, replier: Replier) -> Answering:
    generation = rows.settings.generation
    # A few more than the engine takes: those hear at once that it is busy, the others wait in their rows.
    at_once = generation.max_rows + generation.max_waiting + 8
    return Answering(rows.sessions, replier, new_instance(), at_once=at_once)


def new_instance() -> str:
    """What rows call this process: another name for every one that ever lived."""
    # A container's host and process number come again after a restart; the random part does not.
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


async def _weigh(settings: BotConfig, base: str, progress: Progress) -> int:
    """Bytes that a base takes while it serves: its weights, and room for adapters and conversations."""
    if base in settings.bases.servers:
        return 0
    if not settings.is_prepared(base):
        await prepare(base, progress)
    weights = settings.base_folder(base).glob("*.safetensors")
    return int(ROOM_BESIDE_WEIGHTS * sum(file.stat().st_size for file in weights))


async def _open_base(settings: BotConfig, base: str, progress: Progress) -> Engine:
    if base in settings.bases.servers:
        return _remote(settings, base, progress)
    await _import_torch()
    from bot.generation.embedded import EmbeddedEngine

    table = settings.generation
    engine = EmbeddedEngine(
        settings.base_folder(base),
        max_rows=table.max_rows,
        max_waiting=table.max_waiting,
        threads=table.threads or None,
    )
    try:
        await engine.start()
    except BaseException:
        await engine.aclose()
        raise
    progress(READY, None)
    return engine


async def _import_torch() -> None:
    """Which takes seconds, and verbs do without it. Beside the loop, so that mentions are acknowledged meanwhile."""
    await asyncio.to_thread(importlib.import_module, "bot.generation.embedded")


def _remote(settings: BotConfig, base: str, progress: Progress) -> Engine:
    from bot.generation.remote import RemoteEngine

    server = settings.bases.servers[base]
    engine = RemoteEngine(
        server.url,
        server.model,
        key=server.key.get_secret_value(),
        where_key=settings.bases.where_key(base),
        max_parallel=server.parallel,
        max_waiting=settings.generation.max_waiting,
        context=server.context,
    )
    progress(READY, None)
    return engine
