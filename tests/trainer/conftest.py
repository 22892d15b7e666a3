"""A trainer on a small data folder: tiny prepared bases, a talkative community, the real training child."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from db import members, notices, runs
from db.models import Adapter, Persona, Run
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.models import tiny_prepared
from trainer.attempt import Limits, Places
from trainer.curate import Rules
from trainer.worker import Worker

QUICK = {"epochs": 1, "block": 64, "learning_rate": 0.005}
ENDLESS = {**QUICK, "epochs": 1000, "learning_rate": 1e-4}


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The prepared folder of a tiny base by its kind, made once."""
    made: dict[str, Path] = {}
    folder = tmp_path_factory.mktemp("bases")

    def base(name: str) -> Path:
        if name == "missing":
            return folder / name
        if name not in made:
            made[name] = tiny_prepared(folder / name, name)  # pyright: ignore[reportArgumentType]
        return made[name]

    return base


@dataclass
class Shop:
    """A persona with enough to learn from, and the folders a worker works in."""

    sessions: Sessions
    folder: Path
    places: Places
    persona: Persona
    limits: Limits = Limits(threads=1, rules=Rules(min_characters=1))  # noqa: RUF009  # frozen

    def worker(self, name: str = "here", **limits: Any) -> Worker:
        return Worker(self.sessions, self.places, replace(self.limits, **limits), name)

    async def enqueue(self, recipe: dict[str, Any] = QUICK, **settings: Any) -> int:
        async with transaction(self.sessions) as session:
            row = await session.get_one(Persona, self.persona.id)
            wishes = {"recipe": recipe, **settings}
            run = await runs.enqueue(
                session, row, kind="train", by="cli", note="", settings=wishes, now=datetime.now(UTC)
            )
            return run.id

    async def trains(self, recipe: dict[str, Any] = QUICK, **limits: Any) -> Run:
        """Queue a run, and see it to its end."""
        number = await self.enqueue(recipe)
        assert await self.worker(**limits).run_next()
        return await self.run(number)

    async def run(self, number: int) -> Run:
        async with reading(self.sessions) as session:
            return await runs.by_id(session, number)

    async def adapters(self) -> list[Adapter]:
        async with reading(self.sessions) as session:
            return list(await session.scalars(select(Adapter).order_by(Adapter.number)))

    async def told(self) -> list[dict[str, Any]]:
        async with reading(self.sessions) as session:
            return [notice.values for notice in await notices.undelivered(session, "cli")]

    async def steps(self, number: int) -> list[tuple[int, int]]:
        """`(attempt, step)` of every point."""
        async with reading(self.sessions) as session:
            return [(point.attempt, point.step) for point in await runs.points(session, number)]

    async def lapse(self, number: int) -> None:
        """Let the lease of a silent worker be over."""
        async with transaction(self.sessions) as session:
            run = await runs.by_id(session, number)
            run.lease_until = datetime.now(UTC) - timedelta(seconds=1)

    def leftovers(self) -> list[Path]:
        """Files in the runs' folders: none of a run that ended."""
        return [path for path in self.places.runs.rglob("*") if path.is_file()]


async def until(true: Callable[[], Awaitable[object]], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < end, f"in vain for {seconds} s"
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def working(worker: Worker):
    """The worker at work on the next run; the task, ended at the latest on leaving."""
    task = asyncio.create_task(worker.run_next())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def open_shop(sessions: Sessions, folder: Path, bases: Callable[[str], Path], **persona: Any) -> Shop:
    now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    async with transaction(sessions) as session:
        town = await community.found(session, now, "Ann", "Ben")
        ids = [member.id for member in town.members.values()]
        await members.answer(session, ids, "community", True, "asked", "test", now)
        for place in range(24):
            talk = [("Ann", f"What is it, number {place}?"), ("Ben", f"The heron sleeps, {place}.")]
            await town.says(session, now + timedelta(hours=place), *talk)
        values = {"base": "llama", "sampling": {"max_new_tokens": 4}, "prompts": ["Hello?", "And now?"]}
        row = await community.persona(session, now, town.channel, **{**values, **persona})
    return Shop(sessions, folder, Places(folder / "runs", folder / "adapters", bases), row)


@pytest.fixture
async def shop(sqlite_sessions: Sessions, tmp_path: Path, bases: Callable[[str], Path]) -> Shop:
    return await open_shop(sqlite_sessions, tmp_path, bases)
