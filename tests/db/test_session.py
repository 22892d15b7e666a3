"""Transactions keep all or nothing; reading cannot write."""

import asyncio

import pytest
from sqlalchemy import func, select, text
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


async def test_what_goes_wrong_with_a_statement_tells_none_of_its_values(sessions: Sessions) -> None:
    """Logs hold what goes wrong; a value may be what somebody wrote."""
    with pytest.raises(DBAPIError) as raised:
        async with transaction(sessions) as session:
            await session.execute(text("INSERT INTO nowhere VALUES (:words)"), {"words": "a secret wish"})
    assert "secret wish" not in str(raised.value)


async def test_times_come_back_in_utc(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        await workspaces.ensure(session, "slack", "T1", "One", now)
    async with reading(sessions) as session:
        assert (await session.scalar(select(Workspace.created_at))) == now


async def test_who_is_cancelled_in_the_midst_of_a_query_keeps_nobody_from_writing(sessions: Sessions, now) -> None:
    # Its first row comes late, and others would follow.
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
    asked = asyncio.Event()

    async def write_and_ask() -> None:
        async with transaction(sessions) as session:
            await workspaces.ensure(session, "slack", "T1", "One", now)
            asked.set()
            await session.execute(text(f"{numbers} SELECT i FROM n ORDER BY -i"))

    task = asyncio.create_task(write_and_ask())
    await asked.wait()
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    async with asyncio.timeout(10), transaction(sessions) as session:
        await workspaces.ensure(session, "slack", "T2", "Two", now)
    assert cancelled.tb  # which refers to all that stood on the stack, as somebody's log may do
    assert await count(sessions) == 1


def test_an_unknown_database_address_is_refused_with_one_sentence() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"write sqlite\+aiosqlite:///FILE"):
        open_engine("nonsense")
