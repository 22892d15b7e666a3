"""What several modules stand on: the command line in this process, desks, open channels, pages and bots that answer."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from bot import cli
from bot.cli import common
from bot.config import BotConfig
from db import config
from db.session import Sessions, open_engine, sessions_of
from tests.fakes import counter as counters
from tests.fakes.command_line import Run, two_workspaces
from tests.fakes.counter import Counter
from tests.fakes.house import House, furnished
from tests.fakes.past import open_channel
from tests.fakes.replying import MakeBot, making_bots
from tests.fakes.square import Square


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, at a terminal of eighty columns."""
    monkeypatch.chdir(tmp_path)
    for console in (common.out, common.err):
        monkeypatch.setattr(console, "_width", 80)
    return tmp_path


@pytest.fixture
def yamabiko(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command as the shell runs it: exit status, standard output, standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yamabiko", *words])
        capsys.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def filled(home: Path, migrated_sqlite: Path) -> Path:
    """A folder whose database holds `two_workspaces`."""
    (home / "data").mkdir()
    shutil.copy(migrated_sqlite, home / "data" / "yamabiko.db")

    async def fill() -> None:
        engine = open_engine(config.load(BotConfig).database_url)
        await two_workspaces(sessions_of(engine))
        await engine.dispose()

    asyncio.run(fill())
    return home


@pytest.fixture
async def counter(sessions: Sessions, tmp_path: Path, now: datetime) -> AsyncIterator[Counter]:
    """The desk of a small community, on both kinds of database."""
    async with counters.standing(sessions, tmp_path, now) as opened:
        yield opened


@pytest.fixture
async def sqlite_counter(sqlite_sessions: Sessions, tmp_path: Path, now: datetime) -> AsyncIterator[Counter]:
    """The same on SQLite, for what does not differ between databases."""
    async with counters.standing(sqlite_sessions, tmp_path, now) as opened:
        yield opened


@pytest.fixture
def square() -> Square:
    return Square()


@pytest.fixture
async def opened(sessions: Sessions, now: datetime) -> Sessions:
    """Harbour/general is open for context, and told of it."""
    await open_channel(sessions, now)
    return sessions


@pytest.fixture
async def opened_here(sqlite_sessions: Sessions, now: datetime) -> Sessions:
    await open_channel(sqlite_sessions, now)
    return sqlite_sessions


@pytest.fixture
async def house(sessions: Sessions, tmp_path: Path, now: datetime) -> AsyncIterator[House]:
    await furnished(sessions, now)
    house = House(sessions, tmp_path)
    yield house
    await house.live.aclose()


@pytest.fixture
async def make_bot(sessions: Sessions, tmp_path: Path, now: datetime) -> AsyncIterator[MakeBot]:
    async with making_bots(sessions, tmp_path, now) as make:
        yield make
