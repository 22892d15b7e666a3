"""The same prompts by base, live adapter and candidate: in their order, and each as soon as it is there."""

import hashlib
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import pytest

from bot.chat.compare import Compared, compare
from bot.chat.verbs import training
from bot.chat.verbs.authority import Actor
from bot.engines import Engines
from bot.live_adapters import LiveAdapters
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine, weightless

OWNER = Actor("shell:ann", "owner")


@pytest.fixture
async def rows(sqlite_sessions: Sessions, tmp_path: Path, now: datetime) -> Sessions:
    """The persona echo with adapter 1 live and adapter 2 a candidate."""
    async with transaction(sqlite_sessions) as session:
        persona = await community.persona(session, now, prompts=["Hello?", "Bye?"])
        for _ in range(2):
            adapter = await community.candidate(session, persona, now, sha256=hashlib.sha256(b"w").hexdigest())
            folder = tmp_path / adapter.folder
            folder.mkdir(parents=True)
            (folder / "adapter_config.json").write_text("{}")
            (folder / "adapter_model.safetensors").write_bytes(b"w")
    await training.promote(sqlite_sessions, OWNER, "echo", 1)
    return sqlite_sessions


NUMBERS = {"base": (None, False), "adapter 1 (live)": (1, True), "adapter 2": (2, False)}


async def test_each_answer_comes_before_the_next_is_asked_for(rows: Sessions, tmp_path: Path) -> None:
    engine = ScriptedEngine(otherwise=lambda request: f"{request.adapter}: {request.turns[-1]['content']}")

    async def open_base(base: str) -> ScriptedEngine:
        return engine

    live = LiveAdapters(rows, Engines(weightless, open_base), tmp_path)
    came: list[tuple[Compared, int]] = []
    found = compare(rows, OWNER, live, "echo", [], numbers=[], candidates=2, seed=3)
    async with aclosing(found):
        async for row in found:
            came.append((row, len(engine.requests)))
    await live.aclose()
    assert came == [
        (Compared(prompt, who, [f"{adapter}: {prompt}"] * 2, *NUMBERS[who]), place)
        for place, (prompt, who, adapter) in enumerate(
            (
                ("Hello?", "base", None),
                ("Hello?", "adapter 1 (live)", "a000001"),
                ("Hello?", "adapter 2", "a000002"),
                ("Bye?", "base", None),
                ("Bye?", "adapter 1 (live)", "a000001"),
                ("Bye?", "adapter 2", "a000002"),
            ),
            start=1,
        )
    ]
