"""How rows are reached: one engine, one way to write, one way to read.

Owns `transaction()`, the only commit in the product, and `reading()`. Knows no table.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from db.searching import folded
from db.words import say

Sessions = async_sessionmaker[AsyncSession]

_READ_ONLY = "yamabiko_read_only"


class DatabaseUnavailable(Exception):
    """The database cannot be reached; the message says which and what to check."""


def open_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite:///…` or `postgresql+psycopg://…`. The caller disposes of it."""
    try:
        parsed = make_url(url)
        # Faults go into logs with their text, in which people's words would stand as a statement's parameters.
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(url)
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    except Exception as error:
        raise DatabaseUnavailable(
            say(
                "[database] url is not one Yamabiko knows; write sqlite+aiosqlite:///FILE or "
                "postgresql+psycopg://USER:PASSWORD@HOST/NAME."
            )
        ) from error


def _open_sqlite(url: str) -> AsyncEngine:
    file = make_url(url).database
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    # The driver must not open transactions by itself: BEGIN is ours to say (see _begin).
    connect = {"isolation_level": None, "timeout": 30}
    engine = create_async_engine(url, connect_args=connect, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "invalidate", _roll_back)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("folded", 1, folded, deterministic=True)


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: upgrading later fails when another writer came between.
    reads = connection.get_execution_options().get(_READ_ONLY)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _roll_back(connection: Any, _record: Any, _error: BaseException | None) -> None:
    # Who is cancelled in the midst of a query leaves its cursor behind, and while anything refers to that cursor, a
    # connection that is merely closed keeps its transaction and with it the one lock of all writers.
    # Cancelled once more, it must still be closed next; the first cancellation is under way.
    with contextlib.suppress(Exception, asyncio.CancelledError):
        connection.rollback()


def sessions_of(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncGenerator[AsyncSession]:
    """The rows written inside are kept together or not at all. Nothing slow is awaited inside.

    SQLite lets one write at a time and leaves it to chance who is next, so that one may wait for seconds while others
    pass; within this process whoever came first goes first.
    """
    async with _turn(sessions), sessions.begin() as session:  # left whole even when cancelled meanwhile
        yield session


_turns: WeakKeyDictionary[Any, asyncio.Lock] = WeakKeyDictionary()


def _turn(sessions: Sessions) -> AbstractAsyncContextManager[object]:
    engine = sessions.kw["bind"]
    return _turns.setdefault(engine, asyncio.Lock()) if engine.dialect.name == "sqlite" else nullcontext()


@asynccontextmanager
async def reading(sessions: Sessions) -> AsyncGenerator[AsyncSession]:
    """A consistent view that cannot write; the rows stay usable afterwards."""
    async with sessions() as session:
        on_sqlite = session.get_bind().dialect.name == "sqlite"
        options: dict[str, Any] = {_READ_ONLY: True}
        if not on_sqlite:
            options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        connection = await session.connection(execution_options=options)
        if on_sqlite:
            await connection.exec_driver_sql("PRAGMA query_only=ON")
        try:
            yield session
        finally:
            session.expunge_all()
            if on_sqlite and not connection.invalidated:  # cancelled in a query: it is thrown away
                await connection.exec_driver_sql("PRAGMA query_only=OFF")


async def check(engine: AsyncEngine) -> None:
    """Raise DatabaseUnavailable when no connection can be made."""
    try:
        async with engine.connect():
            return
    except (DBAPIError, OSError) as error:
        place = make_url(str(engine.url)).render_as_string(hide_password=True)
        raise DatabaseUnavailable(
            say(
                "The database at {place} cannot be used; check that it runs and that [database] url is right.",
                place=place,
            )
        ) from error
