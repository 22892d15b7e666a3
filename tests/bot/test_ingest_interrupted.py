"""Imports that are cut off: they go on with nothing twice and nothing lost, whatever came between."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from bot.chat.collecting.ingest import ImportInterrupted
from db import messages
from db.models import BackfillCursor, Message
from db.session import Sessions, open_engine, sessions_of
from tests.conftest import sqlite_url
from tests.fakes import discord_export
from tests.fakes.archive import bring_in, count, diary, everything
from tests.fakes.command_line import COMMAND
from tests.fakes.slack_export import busy_export


@pytest.mark.parametrize("broken", [1, 3, 6])
async def test_an_interrupted_import_goes_on_with_nothing_twice_and_nothing_lost(
    sessions: Sessions, broken: int
) -> None:
    with pytest.raises(ImportInterrupted, match=rf"download the export again\. {5 * (broken - 1)} messages before"):
        await bring_in(sessions, diary(breaks_at=f"day {broken}"))
    assert await count(sessions, Message) == 5 * (broken - 1)
    whole = diary()
    done = await bring_in(sessions, whole)
    assert done.resumed == (broken > 1)
    assert whole.read_parts == [f"day {day}" for day in range(broken, 7)]
    rows = await everything(sessions)
    assert len({row[0] for row in rows}) == len(rows) == 30


async def test_a_part_that_was_half_stored_is_read_again_whole(
    sqlite_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = diary(days=1, a_day=450)  # three batches
    original, batches = messages.store, 0

    async def fails_in_the_second_batch(*args):
        nonlocal batches
        batches += 1
        if batches == 2:
            raise ConnectionError
        return await original(*args)

    monkeypatch.setattr(messages, "store", fails_in_the_second_batch)
    with pytest.raises(ConnectionError):
        await bring_in(sqlite_sessions, book)
    assert await count(sqlite_sessions, Message) == 200
    assert await count(sqlite_sessions, BackfillCursor) == 0
    done = await bring_in(sqlite_sessions, book)
    assert (done.stored, done.unchanged) == (250, 200)


async def test_another_file_does_not_go_on_where_this_one_stopped(sqlite_sessions: Sessions) -> None:
    with pytest.raises(ImportInterrupted):
        await bring_in(sqlite_sessions, diary(breaks_at="day 3"))
    done = await bring_in(sqlite_sessions, diary(fingerprint="another"))
    assert (done.stored, done.unchanged, done.resumed) == (20, 10, False)


@pytest.mark.parametrize("kind", ["slack-export", pytest.param("discord-export", marks=pytest.mark.long)])
async def test_an_import_killed_midway_ends_with_the_rows_of_an_uninterrupted_one(tmp_path: Path, kind: str) -> None:
    if kind == "slack-export":
        file = busy_export(tmp_path / "export.zip", days=80, a_day=120)
    else:
        file = discord_export.busy_export(tmp_path / "export.json", 80 * 120)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    start_import(kind, file, whole).communicate(timeout=60)
    process = start_import(kind, file, killed)
    stored = wait_for_rows(killed / "data" / "yamabiko.db", 1500)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert stored < 80 * 120
    again = start_import(kind, file, killed)
    output = again.communicate(timeout=60)[0]
    assert again.returncode == 0
    assert json.loads(output)["resumed"] is True
    assert await rows_in(killed) == await rows_in(whole)
    assert len(await rows_in(whole)) == 80 * 120


def start_import(kind: str, file: Path, folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text("")
    options = ["--config", str(folder / "config.toml")]
    return subprocess.Popen(
        [*COMMAND, *options, "import", kind, str(file), "--json"], stdout=subprocess.PIPE, text=True
    )


def wait_for_rows(file: Path, wanted: int) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if file.is_file():
            try:
                found = committed(file)
            except sqlite3.OperationalError:  # the table is not there yet
                found = 0
            if found >= wanted:
                return found
        time.sleep(0.02)
    raise AssertionError("the import did not come so far")


def committed(file: Path) -> int:
    with contextlib.closing(sqlite3.connect(file, timeout=5)) as connection:
        return connection.execute("SELECT count(*) FROM message").fetchone()[0]


async def rows_in(folder: Path) -> list[tuple]:
    engine = open_engine(sqlite_url(folder / "data" / "yamabiko.db"))
    try:
        return await everything(sessions_of(engine))
    finally:
        await engine.dispose()
