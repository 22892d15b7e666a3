"""Migrations give the tables the models describe, on both databases, whoever starts first."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from db import migrate
from db.models import Row
from db.session import open_engine


async def test_the_migrated_database_is_what_the_models_describe(database_url: str) -> None:
    engine = open_engine(database_url)
    assert await migrate.pending(engine)
    await migrate.upgrade(engine)

    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), Row.metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert not await migrate.pending(engine)
    await engine.dispose()


async def test_two_programs_may_start_at_once(database_url: str) -> None:
    engines = [open_engine(database_url) for _ in range(3)]
    await asyncio.gather(*(migrate.upgrade(engine) for engine in engines))
    async with engines[0].connect() as connection:
        versions = (await connection.execute(text("SELECT version_num FROM alembic_version"))).all()
    assert len(versions) == 1
    for engine in engines:
        await engine.dispose()
