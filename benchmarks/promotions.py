"""A hundred promotions while people talk: no reply may fail, or mix two adapters.

Owns the real road from the row to the voice: activations in a database, `LiveAdapters` following them, one engine
speaking. Each adapter's greedy answer is known beforehand, so a mixed reply is seen. Knows no platform.
"""

import asyncio
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child
from bot.engines import Engines
from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import Engine, Piece, Request, Sampling, Turn
from bot.live_adapters import LiveAdapters
from db import adapters, migrate, personas
from db.models import Adapter
from db.session import Sessions, open_engine, reading, sessions_of, transaction
from tests.fakes import community

PROMOTIONS, PEOPLE = 100, 6
TALK: list[Turn] = [{"role": "user", "content": "What do we do when the storm comes in tonight?"}]
GREEDY = Sampling(temperature=0, max_new_tokens=24)


@dataclass
class Count:
    """`mixed` are the replies that are not what their adapter says alone."""

    replies: int = 0
    failed: list[str] = field(default_factory=list)
    mixed: list[tuple[int | None, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def run(base: Path, repeats: int) -> list[dict[str, Any]]:
    """One row: replies failed and mixed, and how much longer a reply takes than without promotions."""
    with tempfile.TemporaryDirectory() as scratch:
        child.measure("benchmarks.together", "prepare", str(base.resolve()), scratch)
        taken = [child.measure("benchmarks.promotions", str(base.resolve()), scratch) for _ in range(repeats)]
    middle = {name: median(one[name] for one in taken) for name in taken[0]}
    return [{"what": f"{PROMOTIONS} promotions under load", "who": "yamabiko"} | middle]


@asynccontextmanager
async def stage(base: Path, folders: Sequence[Path], scratch: Path) -> AsyncGenerator[tuple[Sessions, LiveAdapters]]:
    """A database with one persona and one adapter row a folder, and what follows it."""
    rows = open_engine(f"sqlite+aiosqlite:///{scratch / 'rows.db'}")
    await migrate.upgrade(rows)
    sessions = sessions_of(rows)
    async with transaction(sessions) as session:
        persona = await community.persona(session, datetime.now(UTC), base="base")
        for folder in folders:
            made = await community.candidate(session, persona, datetime.now(UTC))
            shutil.copytree(folder, scratch / "adapters" / made.folder)
            weights = (folder / "adapter_model.safetensors").read_bytes()
            made.sha256 = hashlib.sha256(weights).hexdigest()

    async def opened(_: str) -> Engine:
        return EmbeddedEngine(base, max_rows=PEOPLE)

    async def weightless(_: str) -> int:
        return 0

    live = LiveAdapters(sessions, Engines(weightless, opened), scratch / "adapters")
    try:
        yield sessions, live
    finally:
        await live.aclose()
        await rows.dispose()


async def promote(sessions: Sessions, adapter: Adapter) -> None:
    async with transaction(sessions) as session:
        persona = await personas.named(session, "echo")
        live, now = persona.live_adapter_id, datetime.now(UTC)
        await personas.activate(session, persona, adapter, expected=live, by="bench", why="", now=now)


async def ask(sessions: Sessions, live: LiveAdapters) -> tuple[int | None, str]:
    """Who answered, and what."""
    async with reading(sessions) as session:
        persona = await personas.named(session, "echo")
    async with live.voice(persona) as voice:
        request = Request(TALK, voice.adapter, GREEDY)
        said = [news.text async for news in voice.engine.generate(request) if isinstance(news, Piece)]
        return voice.adapter_id, "".join(said)


async def alone(sessions: Sessions, live: LiveAdapters) -> Mapping[int | None, str]:
    """What each adapter says when nobody else is there."""
    texts: dict[int | None, str] = {}
    for adapter in await every(sessions):
        await promote(sessions, adapter)
        texts.update([await ask(sessions, live)])
    return texts


async def every(sessions: Sessions) -> Sequence[Adapter]:
    async with reading(sessions) as session:
        return await adapters.of(session, (await personas.named(session, "echo")).id)


async def under_load(sessions: Sessions, live: LiveAdapters, promotions: int, replies: int = 1) -> Count:
    """People ask without pause while one adapter after the other is promoted; each promotion is heard at once.

    It ends after so many promotions, and not before so many replies.
    """
    expected, count = await alone(sessions, live), Count()
    over, enough = asyncio.Event(), asyncio.Event()

    async def talk() -> None:
        while not over.is_set():
            began = time.perf_counter()
            try:
                who, said = await ask(sessions, live)
            except Exception as error:
                count.failed.append(f"{type(error).__name__}: {error}")
                continue
            count.seconds.append(time.perf_counter() - began)
            count.replies += 1
            if count.replies >= replies:
                enough.set()
            if expected[who] != said:
                count.mixed.append((who, said))

    talking = [asyncio.create_task(talk()) for _ in range(PEOPLE)]
    candidates = await every(sessions)
    for number in range(promotions):
        await promote(sessions, candidates[number % len(candidates)])
        await live.sync()
        await asyncio.sleep(0.02)
    await enough.wait()
    over.set()
    await asyncio.gather(*talking)
    return count


def exact(base: Path, copy: Path) -> Path:
    """The base in float32: in bfloat16 the company in a batch may turn a tie, which is no mixing."""
    copy.mkdir()
    for file in base.iterdir():
        (copy / file.name).symlink_to(file)
    facts = json.loads((base / "base.json").read_text(encoding="utf-8")) | {"dtype": "float32"}
    (copy / "base.json").unlink()
    (copy / "base.json").write_text(json.dumps(facts), encoding="utf-8")
    return copy


async def measure(base: Path, folders: Sequence[Path], own: Path) -> dict[str, float]:
    async with stage(base, folders, own) as (sessions, live):
        began = time.perf_counter()
        count = await under_load(sessions, live, PROMOTIONS)
        took = time.perf_counter() - began
        quiet = await under_load(sessions, live, promotions=0, replies=5 * PEOPLE)
    return {
        "replies": count.replies,
        "failed": len(count.failed),
        "mixed": len(count.mixed),
        "promotions_per_second": PROMOTIONS / took,
        "ratio": median(count.seconds) / median(quiet.seconds),
    }


if __name__ == "__main__":
    base, adapters_in = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as own:
        copy = exact(base, Path(own) / "base")
        print(json.dumps(asyncio.run(measure(copy, sorted(adapters_in.glob("v*")), Path(own)))))
