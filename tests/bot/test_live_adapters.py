"""What the rows say is live is what speaks: loaded, verified, swapped and put away."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from bot.engines import Engines
from bot.generation.engine import EngineUnavailable, Request
from bot.live_adapters import LiveAdapters
from db import personas
from db.models import Adapter, Persona
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine, weightless


class Stage:
    """Personas and adapters in rows and files, and scripted engines by base."""

    def __init__(self, sessions: Sessions, folder: Path, now) -> None:
        self.sessions, self.folder, self.now = sessions, folder, now
        self.engines: dict[str, ScriptedEngine] = {}
        self.live = LiveAdapters(sessions, Engines(weightless, self.open), folder)

    async def open(self, base: str) -> ScriptedEngine:
        self.engines[base] = ScriptedEngine(word_s=0.02)
        return self.engines[base]

    async def persona(self, name: str = "echo", base: str = "tiny") -> Persona:
        async with transaction(self.sessions) as session:
            return await community.persona(session, self.now, name=name, base=base)

    async def adapter(self, name: str = "echo") -> Adapter:
        async with transaction(self.sessions) as session:
            persona = await personas.named(session, name)
            made = await community.candidate(session, persona, self.now)
            made.sha256 = self.write(made, b"weights of " + str(made.id).encode())
            return made

    def write(self, adapter: Adapter, weights: bytes) -> str:
        folder = self.folder / adapter.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "adapter_config.json").write_text("{}")
        (folder / "adapter_model.safetensors").write_bytes(weights)
        return hashlib.sha256(weights).hexdigest()

    async def activate(self, adapter: Adapter | None, name: str = "echo") -> None:
        async with transaction(self.sessions) as session:
            row = await personas.named(session, name)
            await personas.activate(session, row, adapter, expected=row.live_adapter_id, by="t", why="", now=self.now)

    async def speaking(self, name: str = "echo") -> int | None:
        """The adapter that a reply begun now would use, as it is loaded in the engine."""
        async with reading(self.sessions) as session:
            persona = await personas.named(session, name)
        async with self.live.voice(persona) as voice:
            async for _ in voice.engine.generate(Request([{"role": "user", "content": "hi"}], voice.adapter)):
                break
            return voice.adapter_id

    async def loaded(self, base: str = "tiny") -> int:
        return len(await self.engines[base].loaded_adapters())


@pytest.fixture
async def stage(sqlite_sessions: Sessions, tmp_path: Path, now):
    made = Stage(sqlite_sessions, tmp_path / "adapters", now)
    yield made
    await made.live.aclose()


async def test_without_a_live_adapter_the_bare_base_speaks(stage: Stage) -> None:
    await stage.persona()
    assert await stage.speaking() is None
    assert stage.live.errors == {}


async def test_a_promotion_is_seen_at_the_next_sync_and_the_old_one_is_put_away(stage: Stage) -> None:
    await stage.persona()
    first, second = await stage.adapter(), await stage.adapter()
    await stage.activate(first)
    assert await stage.speaking() == first.id
    await stage.activate(second)
    await stage.live.sync()
    assert await stage.engines["tiny"].loaded_adapters() == {f"a{second.id:06d}"}
    assert await stage.speaking() == second.id


async def test_one_who_asks_before_the_next_sync_hears_what_was_promoted(stage: Stage) -> None:
    await stage.persona()
    adapter = await stage.adapter()
    assert await stage.speaking() is None
    await stage.activate(adapter)
    assert await stage.speaking() == adapter.id


async def test_a_rollback_to_the_bare_base_unloads_everything(stage: Stage) -> None:
    await stage.persona()
    await stage.activate(await stage.adapter())
    await stage.speaking()
    await stage.activate(None)
    await stage.live.sync()
    assert await stage.loaded() == 0
    assert await stage.speaking() is None


async def test_a_damaged_file_is_refused_and_the_former_adapter_keeps_speaking(stage: Stage) -> None:
    await stage.persona()
    first, second = await stage.adapter(), await stage.adapter()
    await stage.activate(first)
    await stage.speaking()
    stage.write(second, b"not what was trained")
    await stage.activate(second)
    await stage.live.sync()
    assert stage.live.errors["echo"] == (
        "The file of adapter 2 is not what was trained; restore it, roll back, or retrain."
    )
    assert await stage.speaking() == first.id
    assert await stage.loaded() == 1
    stage.write(second, b"weights of " + str(second.id).encode())  # mended
    await stage.live.sync()
    assert stage.live.errors == {}
    assert await stage.speaking() == second.id


async def test_a_missing_file_with_nothing_older_is_told_to_the_one_who_asks(stage: Stage) -> None:
    await stage.persona()
    adapter = await stage.adapter()
    (stage.folder / adapter.folder / "adapter_model.safetensors").unlink()
    await stage.activate(adapter)
    with pytest.raises(EngineUnavailable, match="file of adapter 1 is missing; restore it, roll back, or retrain"):
        await stage.speaking()
    await stage.activate(None)
    assert await stage.speaking() is None
    assert stage.live.errors == {}


async def test_an_adapter_the_engine_refuses_leaves_the_others_alone(stage: Stage) -> None:
    await stage.persona()
    await stage.persona("other")
    bad, good = await stage.adapter(), await stage.adapter("other")
    (stage.folder / bad.folder / "adapter_config.json").unlink()
    await stage.activate(bad)
    await stage.activate(good, "other")
    assert await stage.speaking("other") == good.id
    assert list(stage.live.errors) == ["echo"]
    assert "adapter_config.json" in stage.live.errors["echo"]


async def test_several_personas_share_one_engine_with_an_adapter_each(stage: Stage) -> None:
    for name in ("echo", "other", "plain"):
        await stage.persona(name)
    first, second = await stage.adapter("echo"), await stage.adapter("other")
    await stage.activate(first, "echo")
    await stage.activate(second, "other")
    assert [await stage.speaking(name) for name in ("echo", "other", "plain")] == [first.id, second.id, None]
    assert list(stage.engines) == ["tiny"]
    await stage.activate(None, "echo")
    await stage.live.sync()
    assert await stage.engines["tiny"].loaded_adapters() == {f"a{second.id:06d}"}


async def test_a_base_nobody_talks_to_is_never_opened(stage: Stage) -> None:
    await stage.persona()
    await stage.persona("other", base="large")
    await stage.activate(await stage.adapter("other"), "other")
    await stage.speaking("echo")
    await stage.live.sync()
    assert list(stage.engines) == ["tiny"]
    assert await stage.speaking("other") is not None
    assert sorted(stage.engines) == ["large", "tiny"]


async def test_after_a_change_of_base_the_adapter_of_the_new_base_speaks_at_once(stage: Stage) -> None:
    await stage.persona()
    await stage.speaking()
    async with transaction(stage.sessions) as session:
        (await personas.named(session, "echo")).base = "large"
    adapter = await stage.adapter()
    await stage.activate(adapter)
    await stage.live.sync()  # the engine of `large` is not open yet
    assert await stage.speaking() == adapter.id


async def test_a_deleted_personas_adapter_is_put_away(stage: Stage, now) -> None:
    await stage.persona()
    await stage.activate(await stage.adapter())
    await stage.speaking()
    async with transaction(stage.sessions) as session:
        (await personas.named(session, "echo")).deleted_at = now
    await stage.live.sync()
    assert await stage.loaded() == 0


async def test_a_long_reply_holds_its_adapter_but_not_the_next_promotion(stage: Stage) -> None:
    await stage.persona()
    first, second, third = [await stage.adapter() for _ in range(3)]
    await stage.activate(first)
    await stage.speaking()
    async with reading(stage.sessions) as session:
        persona = await personas.named(session, "echo")
    async with stage.live.voice(persona) as voice:
        reply = voice.engine.generate(Request([{"role": "user", "content": "hi"}], voice.adapter))
        said = [await anext(reply)]
        for adapter in (second, third):
            await stage.activate(adapter)
            await asyncio.wait_for(stage.live.sync(), 1)
        assert await stage.engines["tiny"].loaded_adapters() == {f"a{third.id:06d}"}
        said += [piece async for piece in reply]
    assert "".join(piece.text for piece in said) == "Hello from the mountain."


async def test_a_borrowed_adapter_stays_while_it_is_compared_and_goes_afterwards(stage: Stage) -> None:
    persona = await stage.persona()
    live, candidate = await stage.adapter(), await stage.adapter()
    await stage.activate(live)
    await stage.speaking()
    async with stage.live.borrowed(persona, candidate) as voice, stage.live.borrowed(persona, live):
        await stage.live.sync()
        assert voice.adapter in await stage.engines["tiny"].loaded_adapters()
    await stage.live.sync()
    assert await stage.engines["tiny"].loaded_adapters() == {f"a{live.id:06d}"}


async def test_following_sees_a_promotion_and_survives_a_failing_look(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.persona()
    adapter = await stage.adapter()
    await stage.speaking()
    original, failures = personas.every, 2

    async def fails_twice(session):
        nonlocal failures
        if failures:
            failures -= 1
            raise ConnectionError("the database went away")
        return await original(session)

    monkeypatch.setattr(personas, "every", fails_twice)
    following = asyncio.create_task(stage.live.follow(0.01))
    await stage.activate(adapter)
    async with asyncio.timeout(5):
        while not await stage.loaded():  # noqa: ASYNC110  # the engine tells nobody when it loads
            await asyncio.sleep(0.01)
    assert failures == 0
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert await stage.speaking() == adapter.id


async def test_a_base_that_was_closed_for_room_speaks_with_its_adapter_when_it_is_opened_again(stage: Stage) -> None:
    async def one(_: str) -> int:
        return 1

    stage.live = LiveAdapters(stage.sessions, Engines(one, stage.open, limit=1), stage.folder)
    await stage.persona()
    await stage.persona("other", base="second")
    adapter = await stage.adapter()
    await stage.activate(adapter)
    for _ in range(2):
        assert await stage.speaking("echo") == adapter.id
        assert await stage.engines["tiny"].loaded_adapters() == {f"a{adapter.id:06d}"}
        assert await stage.speaking("other") is None
        assert set(await stage.engines["tiny"].loaded_adapters()) == set(), "closed"
        await stage.live.sync()


async def test_closing_closes_every_engine(stage: Stage) -> None:
    await stage.persona()
    await stage.activate(await stage.adapter())
    await stage.speaking()
    await stage.live.aclose()
    with pytest.raises(EngineUnavailable):
        await stage.engines["tiny"].load_adapter("x", stage.folder)
