"""A million messages brought in: memory that does not grow, time that grows with the file and no faster.

Owns files of three sizes and the figures of their way into SQLite. Knows no model.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import child
from bot.chat.collecting.ingest import Archive, Import
from bot.chat.verbs.authority import Actor
from bot.importers.discord_export import DiscordExport
from bot.importers.slack_export import SlackExport
from db import migrate
from db.models.text import Provenance
from db.session import open_engine, sessions_of
from tests.fakes import discord_export, slack_export

SIZES = (100_000, 300_000, 1_000_000)
A_DAY = 2_000
MEMORY_LIMIT_MB = 500

MAKE: dict[Provenance, Callable[[Path, int], Path]] = {
    "discord_export": lambda path, messages: discord_export.busy_export(path, messages, people=300),
    "slack_export": lambda path, messages: slack_export.busy_export(path, messages // A_DAY, A_DAY),
}


def run(_base: Path, _repeats: int) -> list[dict[str, Any]]:
    """A row for each kind and size, once.

    `ratio` is the processor's time for a message over that in the smallest file: 1 where time grows as the file does.
    """
    rows: list[dict[str, Any]] = []
    for kind in MAKE:
        first = 0.0
        for size in SIZES:
            taken = measured(kind, size)
            first = first or taken["cpu_seconds"] / size
            facts = {"what": f"{kind} {size:,}", "messages_per_second": size / taken["seconds"]}
            rows.append(facts | taken | {"ratio": taken["cpu_seconds"] / size / first})
    return rows


def measured(kind: Provenance, size: int) -> dict[str, float]:
    """In a process of its own, which has not written the file."""
    with tempfile.TemporaryDirectory() as scratch:
        file = MAKE[kind](Path(scratch) / "export", size)
        taken = child.measure("benchmarks.imports", kind, str(file), scratch)
        assert taken.pop("stored") == size
        assert taken["peak_memory_mb"] < MEMORY_LIMIT_MB
        return {"megabytes": file.stat().st_size / 2**20} | taken


@contextmanager
def opened(kind: str, file: Path) -> Iterator[Archive]:
    if kind == "discord_export":
        yield DiscordExport(file)
        return
    with SlackExport(file) as archive:
        yield archive


async def bring_in(kind: Provenance, file: Path, folder: Path) -> dict[str, float]:
    rows = open_engine(f"sqlite+aiosqlite:///{folder / 'rows.db'}")
    await migrate.upgrade(rows)
    began, worked = time.perf_counter(), time.process_time()
    with opened(kind, file) as archive:
        done = await Import(sessions_of(rows), archive, kind, Actor("shell:test", "owner")).run(
            "bench", lambda share: None
        )
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    await rows.dispose()
    return {
        "stored": done.stored,
        "seconds": seconds,
        "cpu_seconds": worked,
        "peak_memory_mb": child.peak_memory_mb(),
    }


if __name__ == "__main__":
    kind, file, folder = sys.argv[1:]
    wanted: Provenance = "discord_export" if kind == "discord_export" else "slack_export"
    print(json.dumps(asyncio.run(bring_in(wanted, Path(file), Path(folder)))))
