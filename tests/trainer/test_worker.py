"""The worker with the real training child on tiny bases: what a run that goes well leaves behind."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import Piece, Request, Sampling
from db import personas
from db.models import DatasetMessage, Persona
from db.session import Sessions, reading, transaction
from tests.trainer.conftest import QUICK, Shop, open_shop
from trainer import dataset, job


async def test_a_run_ends_with_an_adapter_whose_rows_files_and_notice_agree(shop: Shop) -> None:
    run = await shop.trains({**QUICK, "epochs": 2})
    assert (run.status, run.reason, run.phase, run.attempt) == ("succeeded", "", "", 1)
    assert run.started_at
    assert run.finished_at
    assert run.started_at < run.finished_at
    (adapter,) = await shop.adapters()
    assert (adapter.number, adapter.state, adapter.base) == (1, "candidate", "llama")
    assert (adapter.run_id, adapter.dataset_id) == (run.id, run.dataset_id)
    place = shop.places.adapters / adapter.folder
    weights = (place / "adapter_model.safetensors").read_bytes()
    assert adapter.sha256 == hashlib.sha256(weights).hexdigest()
    assert {"adapter_config.json", "chat_template.jinja", "README.md"} <= {path.name for path in place.iterdir()}
    check_card((place / "README.md").read_text(encoding="utf-8"))
    check_figures(adapter.figures)
    steps = await shop.steps(run.id)
    assert steps == [(1, step) for step in range(1, adapter.figures["plan"]["steps"] + 1)]
    assert await shop.told() == [{"run": run.id, "status": "succeeded", "reason": "", "adapter": 1}]
    assert shop.leftovers() == []
    assert not await shop.worker().run_next()
    await check_lineage(shop, adapter.dataset_id)


def check_card(card: str) -> None:
    assert "echo" in card
    assert "heron" not in card  # it quotes nobody


def check_figures(figures: dict[str, Any]) -> None:
    assert figures["candidate"]["loss"] < figures["base"]["loss"]
    assert figures["candidate"]["tokens"] == figures["base"]["tokens"] > 0
    assert {who: list(said) for who, said in figures["answers"].items()} == {
        "base": ["Hello?", "And now?"],
        "candidate": ["Hello?", "And now?"],
    }
    assert figures["seconds"] > 0
    assert figures["peak_memory_mb"] > 50


async def check_lineage(shop: Shop, dataset: int) -> None:
    async with reading(shop.sessions) as session:
        parts = Counter(await session.scalars(select(DatasetMessage.part).where(DatasetMessage.dataset_id == dataset)))
    assert parts.total() == 48
    assert parts["train"] > parts["held_out"] > 0


@pytest.mark.long
async def test_what_is_live_is_examined_beside_the_next_candidate(shop: Shop) -> None:
    await shop.trains()
    (first,) = await shop.adapters()
    async with transaction(shop.sessions) as session:
        row = await session.get_one(Persona, shop.persona.id)
        now = first.created_at
        await personas.activate(session, row, first, expected=None, by="t", why="t", now=now)
    run = await shop.trains({**QUICK, "epochs": 2})
    assert run.status == "succeeded"
    _, second = await shop.adapters()
    assert second.number == 2
    assert second.figures["live"]["loss"] == pytest.approx(first.figures["candidate"]["loss"], abs=1e-3)
    assert second.figures["base"] == first.figures["base"]
    async with reading(shop.sessions) as session:
        row = await session.get_one(Persona, shop.persona.id)
    assert row.live_adapter_id == first.id  # a candidate waits for a person


@pytest.mark.long
async def test_a_live_adapter_of_another_base_is_not_examined(shop: Shop) -> None:
    await shop.trains()
    (first,) = await shop.adapters()
    async with transaction(shop.sessions) as session:
        row = await session.get_one(Persona, shop.persona.id)
        await personas.activate(session, row, first, expected=None, by="t", why="t", now=first.created_at)
        row.base = "gpt2"
    assert (await shop.trains()).status == "succeeded"
    assert "live" not in (await shop.adapters())[1].figures


@pytest.mark.long
@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_run_succeeds_on_postgresql_too(
    tmp_path: Path, bases: Callable[[str], Path], sessions: Sessions
) -> None:
    shop = await open_shop(sessions, tmp_path, bases)
    assert (await shop.trains()).status == "succeeded"
    (adapter,) = await shop.adapters()
    check_figures(adapter.figures)


@pytest.mark.long
@pytest.mark.parametrize("base", ["gpt2", "rinna", "colorfulscoop"])
@pytest.mark.parametrize("shape", ["chat", "text"])
async def test_an_adapter_of_a_gpt2_base_speaks_in_the_bots_engine(
    sqlite_sessions: Sessions, tmp_path: Path, bases: Callable[[str], Path], base: str, shape: str
) -> None:
    shop = await open_shop(sqlite_sessions, tmp_path, bases, base=base, shape=shape, preset="chat")
    run = await shop.trains({**QUICK, "epochs": 8, "learning_rate": 0.02})
    assert run.status == "succeeded", run.reason
    (adapter,) = await shop.adapters()
    said = {}
    engine = EmbeddedEngine(bases(base), threads=1)
    try:
        await engine.load_adapter("echo", shop.places.adapters / adapter.folder)
        for name in (None, "echo"):
            said[name] = await speech(engine, name, shape)
    finally:
        await engine.aclose()
    assert said[None] != said["echo"]


async def speech(engine: EmbeddedEngine, adapter: str | None, shape: Any) -> str:
    asked = Request(
        [{"role": "user", "content": "What is it, number 3?"}],
        adapter=adapter,
        shape=shape,
        candidates=3,
        sampling=Sampling(temperature=1.0, max_new_tokens=24, seed=1),
    )
    pieces = [piece async for piece in engine.generate(asked) if isinstance(piece, Piece)]
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.completion_tokens > 0
    return "".join(piece.text for piece in pieces)


async def test_a_persona_with_too_little_text_is_skipped_with_reasons(shop: Shop) -> None:
    run = await shop.trains(min_targets=1000)
    assert run.status == "skipped"
    assert run.reason.startswith("There is too little text to learn from: ")
    assert "at least 1000" in run.reason
    assert await shop.told() == [{"run": run.id, "status": "skipped", "reason": run.reason}]
    assert shop.leftovers() == []
    assert run.dataset_id is None


async def test_a_job_file_holds_what_the_child_needs_and_the_persona_asked_for(shop: Shop, tmp_path: Path) -> None:
    number = await shop.enqueue({"rank": 4}, max_minutes=3)
    run = await shop.run(number)
    built = await dataset.build(shop.sessions, shop.persona, shop.limits.rules, newest=None, min_targets=8)
    (tmp_path / "1").mkdir()
    limits = shop.limits
    content = job.describe(shop.persona, run, built, Path("base"), Path("live"), limits)
    written = json.loads(job.write(tmp_path / "1", content, built).read_text(encoding="utf-8"))
    assert (written["recipe"]["rank"], written["recipe"]["epochs"]) == (4, 3)
    assert (written["max_minutes"], written["memory_limit_mb"], written["threads"]) == (3, None, 1)
    assert (written["live_adapter"], written["resume"]) == ("live", False)
    assert written["train"] == str(tmp_path / "1" / "train.jsonl")
    train = (tmp_path / "1" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(train) == len(built.part(held_out=False))
    check_taking_up(tmp_path, content, built)


def check_taking_up(folder: Path, content: dict[str, Any], built: Any) -> None:
    """A checkpoint is taken up by the next attempt at the very same, and by no other."""
    (folder / "1" / "checkpoint.safetensors").write_bytes(b"steps")
    (folder / "2").mkdir()
    other = job.write(folder / "2", {**content, "recipe": {"rank": 8}}, built)
    assert json.loads(other.read_text(encoding="utf-8"))["resume"] is False
    (folder / "3").mkdir()
    same = job.write(folder / "3", content, built)
    assert json.loads(same.read_text(encoding="utf-8"))["resume"] is True
    assert (folder / "3" / "checkpoint.safetensors").read_bytes() == b"steps"
    assert not (folder / "1" / "checkpoint.safetensors").exists()
