"""Brings the database to the tables this version needs, at every start, whoever starts first.

Owns the lock around it. Knows no table; the steps stand in alembic/versions.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from filelock import AsyncFileLock
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from alembic import command
from db.session import DatabaseUnavailable
from db.words import say

SCRIPTS = Path(__file__).parent.parent / "alembic"
_ADVISORY_LOCK = 0x59414D41  # "YAMA"


async def upgrade(engine: AsyncEngine) -> None:
    """Apply every missing migration; two programs may call this at the same moment. Raises DatabaseUnavailable."""
    try:
        async with _alone(engine) as connection:
            await connection.run_sync(_upgrade)
    except (SQLAlchemyError, CommandError) as error:
        reason = str(error).splitlines()[0]
        raise DatabaseUnavailable(
            say(
                "The database could not be brought to the tables of this version ({reason}); nothing in it was "
                "changed. Was it made by another version? Then run that one, or begin with an empty database.",
                reason=reason,
            )
        ) from error


async def pending(engine: AsyncEngine) -> bool:
    """Whether migrations are missing."""
    head = ScriptDirectory(str(SCRIPTS)).get_current_head()
    async with engine.connect() as connection:
        return await connection.run_sync(_current) != head


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncGenerator[Any]:
    if engine.dialect.name == "sqlite":
        async with (
            AsyncFileLock(f"{make_url(str(engine.url)).database}.migrate-lock"),
            engine.begin() as connection,
        ):
            yield connection
    else:
        async with engine.begin() as connection:  # the lock goes with the transaction
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _current(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()
