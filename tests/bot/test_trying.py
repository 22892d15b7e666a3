"""Trying a persona out: who says it, how it is asked, and that nothing of it is kept."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.chat.trying import Trial, tried
from bot.chat.verbs.authority import Actor, NotAllowed
from bot.engines import Engines
from bot.generation.engine import Piece
from bot.live_adapters import LiveAdapters, name_of
from db import personas
from db.models import Reply
from db.recipe import RecipeRefused
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine, weightless

NOW = datetime.now(UTC)
CURATOR = Actor("member:1", "curator")


class Bench:
    """A persona with a live adapter, and an engine that notes what it is asked."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        self.sessions, self.engine = sessions, ScriptedEngine(otherwise="Echo!")

        async def open_base(base: str) -> ScriptedEngine:
            return self.engine

        self.live = LiveAdapters(sessions, Engines(weightless, open_base), folder)
        self.folder = folder

    async def persona(self, **changed: Any) -> None:
        async with transaction(self.sessions) as session:
            row = await community.persona(session, NOW, **changed)
            adapter = await community.candidate(session, row, NOW, sha256=_sound(self.folder / "one"), folder="one")
            await personas.activate(session, row, adapter, expected=None, by="t", why="", now=NOW)
            self.adapter = name_of(adapter)

    async def say(self, trial: Trial, who: Any = "live", actor: Actor = CURATOR) -> str:
        pieces = [one async for one in tried(self.sessions, actor, self.live, trial, who) if isinstance(one, Piece)]
        return "".join(piece.text for piece in pieces)

    def asked(self) -> Sequence[tuple[str, str]]:
        return [(turn["role"], turn["content"]) for turn in self.engine.requests[-1].turns]


def _sound(folder: Path) -> str:
    import hashlib

    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def bench(sqlite_sessions: Sessions, tmp_path: Path) -> Bench:
    return Bench(sqlite_sessions, tmp_path)


async def test_what_is_live_speaks_with_its_adapter_and_the_base_without(bench: Bench) -> None:
    await bench.persona()
    assert await bench.say(Trial("echo", "Hello?")) == "Echo!"
    assert bench.engine.requests[-1].adapter == bench.adapter
    await bench.say(Trial("echo", "Hello?"), "base")
    assert bench.engine.requests[-1].adapter is None


async def test_a_conversation_goes_on_from_what_was_said(bench: Bench) -> None:
    await bench.persona()
    await bench.say(Trial("echo", "And you?", said=[("Hello?", "Over.")]))
    assert bench.asked() == [
        ("system", "You are echo."),
        ("user", "Hello?"),
        ("assistant", "Over."),
        ("user", "And you?"),
    ]


async def test_plain_completion_goes_on_with_the_text_as_it_stands(bench: Bench) -> None:
    await bench.persona()
    await bench.say(Trial("echo", "The sea was", said=[("Hello?", "Over.")], plain=True))
    request = bench.engine.requests[-1]
    assert bench.asked() == [("user", "The sea was")]
    assert (request.shape, request.plain) == ("text", True)


async def test_a_novel_is_always_continued_with_its_own_template(bench: Bench) -> None:
    await bench.persona(shape="text", preset="novel")
    await bench.say(Trial("echo", "彼は老いていた。漁師は"))
    request = bench.engine.requests[-1]
    assert bench.asked() == [("user", "彼は老いていた。漁師は")]
    assert (request.shape, request.plain) == ("text", False)


async def test_sampling_departs_from_the_personas_own_only_where_it_is_changed(bench: Bench) -> None:
    await bench.persona(sampling={"temperature": 0.3, "stop": ["END"]})
    await bench.say(Trial("echo", "?", candidates=3, sampling={"top_k": 7, "seed": 5}))
    request = bench.engine.requests[-1]
    drawn = request.sampling
    assert (drawn.temperature, drawn.top_k, drawn.seed, drawn.stop) == (0.3, 7, 5, ("END",))
    assert request.candidates == 3


async def test_a_wrong_wish_is_refused_with_a_sentence(bench: Bench) -> None:
    await bench.persona()
    with pytest.raises(RecipeRefused, match="temperature must lie between"):
        await bench.say(Trial("echo", "?", sampling={"temperature": 99}))


async def test_a_plain_member_tries_nothing_out(bench: Bench) -> None:
    await bench.persona()
    with pytest.raises(NotAllowed):
        await bench.say(Trial("echo", "?"), actor=Actor("member:2", "member"))


async def test_nothing_of_a_trial_is_kept(bench: Bench) -> None:
    await bench.persona()
    await bench.say(Trial("echo", "a secret"))
    async with reading(bench.sessions) as session:
        assert await session.scalar(select(func.count()).select_from(Reply)) == 0
