"""Transactions keep all or nothing; reading cannot write."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError

from db import workspaces
from db.models import Workspace
from db.session import DatabaseUnavailable, Sessions, open_engine, reading, transaction


async def count(sessions: Sessions) -> int:
    async with reading(sessions) as session:
        return await session.scalar(select(func.count()).select_from(Workspace)) or 0


async def test_a_transaction_that_fails_keeps_nothing(sessions: Sessions, now) -> None:
    async def fail_midway() -> None:
        async with transaction(sessions) as session:
            await workspaces.ensure(session, "slack", "T1", "One", now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_midway()
    assert await count(sessions) == 0


async def test_reading_cannot_write(sessions: Sessions, now) -> None:
    with pytest.raises(DBAPIError):
        async with reading(sessions) as session:
            await workspaces.ensure(session, "slack", "T1", "One", now)
    async with transaction(sessions) as session:
        await workspaces.ensure(session, "slack", "T1", "One", now)
    assert await count(sessions) == 1


async def test_times_come_back_in_utc(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        await workspaces.ensure(session, "slack", "T1", "One", now)
    async with reading(sessions) as session:
        assert (await session.scalar(select(Workspace.created_at))) == now


def test_an_unknown_database_address_is_refused_with_one_sentence() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"write sqlite\+aiosqlite:///FILE"):
        open_engine("nonsense")


async def test_a_transaction_that_is_cancelled_in_a_statement_holds_no_lock_after(
    sqlite_sessions: Sessions, now
) -> None:
    async with transaction(sqlite_sessions) as session:
        for number in range(3):
            await workspaces.ensure(session, "slack", f"T{number}", "One of several", now)
    engine = sqlite_sessions.kw["bind"].sync_engine
    cut: list[asyncio.Task[None]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def at_the_second(*given: object) -> None:
        if cut and str(given[2]).startswith("SELECT workspace"):
            cut.pop().cancel()

    async def writes() -> None:
        async with transaction(sqlite_sessions) as session:
            await workspaces.every(session)

    task = asyncio.create_task(writes())
    cut.append(task)
    [ended] = kept = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)
    with closing(sqlite3.connect(engine.url.database or "", timeout=5)) as another:
        another.execute("BEGIN IMMEDIATE")
    assert kept  # and with it what was cancelled: nothing was left to Python's collector
