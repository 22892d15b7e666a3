"""Migrations give the tables the models describe, on both databases, whoever starts first."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from alembic import command
from db import migrate, signins
from db.models import Row
from db.session import DatabaseUnavailable, open_engine, sessions_of, transaction


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


@pytest.mark.parametrize("stamp", ["0002", "of another version"])
async def test_tables_of_another_version_are_told_in_a_sentence_and_left_as_they_are(
    database_url: str, stamp: str
) -> None:
    engine = open_engine(database_url)
    await migrate.upgrade(engine)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE feedback"))  # the upgrade would come to make this one first
        await connection.execute(text("UPDATE alembic_version SET version_num = :stamp"), {"stamp": stamp})
    with pytest.raises(DatabaseUnavailable, match="nothing in it was changed"):
        await migrate.upgrade(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == stamp
        assert "feedback" not in await connection.run_sync(lambda one: inspect(one).get_table_names())
    await engine.dispose()


async def test_who_goes_back_a_version_and_on_again_has_the_tables_and_no_code_that_opens_the_panel(
    database_url: str, now
) -> None:
    engine = open_engine(database_url)
    await migrate.upgrade(engine)
    async with transaction(sessions_of(engine)) as session:
        await signins.offer(session, None, now)
        await signins.offer_code(session, now)

    def back(connection):
        config = Config()
        config.set_main_option("script_location", str(migrate.SCRIPTS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")

    async with engine.begin() as connection:
        await connection.run_sync(back)
        assert len((await connection.execute(text("SELECT id FROM login_link"))).all()) == 1
    await migrate.upgrade(engine)

    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), Row.metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
