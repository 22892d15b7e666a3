"""Transactions keep all or nothing; reading cannot write."""

import pytest
from sqlalchemy import func, select
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
