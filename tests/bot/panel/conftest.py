"""A panel on real rows, and somebody signed in to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nicegui.testing.user import User

from bot.panel.house import House
from db.session import Sessions
from tests.fakes.panel import house_of, panel, sign_in


@pytest.fixture
def house(sqlite_sessions: Sessions, tmp_path: Path) -> House:
    return house_of(sqlite_sessions, tmp_path)


@pytest.fixture
async def stranger(house: House) -> AsyncIterator[User]:
    async with panel(house) as user:
        yield user


@pytest.fixture
async def owner(stranger: User, house: House) -> User:
    await sign_in(stranger, house.sessions)
    return stranger
