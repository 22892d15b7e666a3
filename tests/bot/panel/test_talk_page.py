"""The Talk page: live beside base, candidates, a conversation that goes on, and what goes wrong."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User

from bot.generation.engine import EngineBusy, EngineUnavailable
from bot.panel.house import House
from db import members
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine
from tests.fakes.panel import house_of, panel, sign_in

NOW = datetime.now(UTC)


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(otherwise=lambda request: f"You said {request.turns[-1]['content']}")


@pytest.fixture
def house(sqlite_sessions: Sessions, tmp_path: Path, engine: ScriptedEngine) -> House:
    return house_of(sqlite_sessions, tmp_path, engine)


async def with_persona(house: House, **changed: Any) -> None:
    async with transaction(house.sessions) as session:
        await community.persona(session, NOW, **changed)


def ask(user: User, text: str) -> None:
    box = next(iter(user.find(ui.textarea).elements))
    box.set_value(text)
    user.find("Send").click()


def shown(user: User, mark: str) -> str:
    return next(iter(user.find(marker=mark).elements)).text  # type: ignore[attr-defined]


async def test_without_a_persona_the_page_leads_to_making_one(owner: User) -> None:
    await owner.open("/")
    await owner.should_see("There is no persona yet.")


async def test_a_question_is_answered_and_the_conversation_goes_on(
    owner: User, house: House, engine: ScriptedEngine
) -> None:
    await with_persona(house)
    await owner.open("/")
    ask(owner, "hello")
    await owner.should_see("You said hello", retries=30)
    await owner.should_see("Send", retries=10)
    ask(owner, "again")
    await owner.should_see("You said again", retries=30)
    said = [turn["content"] for turn in engine.requests[-1].turns if turn["role"] != "system"]
    assert said == ["hello", "You said hello", "again"]


async def test_a_new_conversation_forgets(owner: User, house: House, engine: ScriptedEngine) -> None:
    await with_persona(house)
    await owner.open("/")
    ask(owner, "hello")
    await owner.should_see("You said hello", retries=30)
    owner.find("New conversation").click()
    await owner.should_not_see("You said hello", retries=10)
    ask(owner, "again")
    await owner.should_see("You said again", retries=30)
    assert [turn["content"] for turn in engine.requests[-1].turns] == ["You are echo.", "again"]


async def test_several_candidates_stand_below_one_another(owner: User, house: House, engine: ScriptedEngine) -> None:
    await with_persona(house)
    await owner.open("/")
    next(iter(owner.find("candidates").elements)).set_value(3)  # type: ignore[attr-defined]
    ask(owner, "hello")
    await owner.should_see(marker="live-2", retries=30)
    for _ in range(50):
        if shown(owner, "live-2"):
            break
        await asyncio.sleep(0.05)
    assert [shown(owner, f"live-{number}") for number in range(3)] == ["You said hello"] * 3
    assert engine.requests[-1].candidates == 3


async def test_plain_completion_shows_the_text_going_on(owner: User, house: House, engine: ScriptedEngine) -> None:
    await with_persona(house, shape="text", preset="novel")
    await owner.open("/")
    ask(owner, "彼は老いていた。")
    await owner.should_see("彼は老いていた。You said 彼は老いていた。", retries=30)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EngineBusy("full"), "Many people are asking at once"),
        (EngineUnavailable("The model ran out of memory."), "The model ran out of memory."),
    ],
)
async def test_what_goes_wrong_is_told_in_the_answers_place(
    sqlite_sessions: Sessions, tmp_path: Path, error: Exception, told: str
) -> None:
    house = house_of(sqlite_sessions, tmp_path, ScriptedEngine(otherwise=error))
    await with_persona(house)
    async with panel(house) as owner:
        await sign_in(owner, house.sessions)
        await owner.open("/")
        ask(owner, "hello")
        await owner.should_see(told, retries=30)
        await owner.should_see("Send")


async def test_stopped_it_says_no_more_and_can_be_asked_again(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    engine = ScriptedEngine(otherwise="one two three four five", word_s=0.2)
    house = house_of(sqlite_sessions, tmp_path, engine)
    await with_persona(house)
    async with panel(house) as owner:
        await sign_in(owner, house.sessions)
        await owner.open("/")
        ask(owner, "hello")
        await owner.should_see("one", retries=30)
        owner.find("Stop").click()
        await asyncio.sleep(0.5)
        said = shown(owner, "live-0")
        assert said != "one two three four five"
        ask(owner, "again")
        await owner.should_see("one two three four five", retries=60)
        assert len(engine.requests) == 2


async def test_a_curator_whose_role_is_taken_away_is_out_at_the_next_click(stranger: User, house: House) -> None:
    await with_persona(house)
    async with transaction(house.sessions) as session:
        ann = (await community.found(session, NOW)).members["Ann"].id
        await members.set_role(session, ann, "curator", "t", NOW)
    await sign_in(stranger, house.sessions, ann)
    await stranger.open("/")
    async with transaction(house.sessions) as session:
        await members.set_role(session, ann, "member", "t", NOW)
    ask(stranger, "hello")
    await stranger.should_see("You are signed out", retries=30)
    assert (await stranger.http_client.get("/")).status_code == 401


async def test_a_conversation_begun_while_one_answers_knows_nothing_of_it(
    sqlite_sessions: Sessions, tmp_path: Path
) -> None:
    engine = ScriptedEngine(otherwise="one two three four five", word_s=0.2)
    house = house_of(sqlite_sessions, tmp_path, engine)
    await with_persona(house)
    async with panel(house) as owner:
        await sign_in(owner, house.sessions)
        await owner.open("/")
        ask(owner, "hello")
        await owner.should_see("one", retries=30)
        owner.find("New conversation").click()
        await asyncio.sleep(0.5)
        ask(owner, "again")
        await owner.should_see("one two three four five", retries=60)
        assert [turn["content"] for turn in engine.requests[-1].turns] == ["You are echo.", "again"]


async def test_going_on_from_another_answer_is_told_in_the_visitors_language(owner: User, house: House) -> None:
    await with_persona(house)
    owner.http_client.headers["accept-language"] = "ja"
    await owner.open("/")
    next(iter(owner.find("回答の数").elements)).set_value(2)  # type: ignore[attr-defined]
    next(iter(owner.find(ui.textarea).elements)).set_value("やあ")
    owner.find("送信").click()
    await owner.should_see(marker="from-1", retries=50)
    owner.find(marker="from-1").click()
    await owner.should_see("この回答", retries=30)


async def test_who_is_signed_out_meanwhile_is_told_so(owner: User, house: House, engine: ScriptedEngine) -> None:
    await with_persona(house)
    await owner.open("/")
    await owner.http_client.post("/leave")
    ask(owner, "hello")
    await owner.should_see("You are signed out", retries=30)
    assert engine.requests == []


async def test_going_on_from_another_answer_forgets_what_came_after_it(
    owner: User, house: House, engine: ScriptedEngine
) -> None:
    await with_persona(house)
    await owner.open("/")
    next(iter(owner.find("candidates").elements)).set_value(2)  # type: ignore[attr-defined]
    ask(owner, "hello")
    await owner.should_see(marker="from-1", retries=50)
    next(iter(owner.find("candidates").elements)).set_value(1)  # type: ignore[attr-defined]
    for question in ("hello", "and then?"):
        await asyncio.sleep(0.3)
        ask(owner, question)
        await owner.should_see(f"You said {question}", retries=50)
    await asyncio.sleep(0.3)
    owner.find(marker="from-1").click()
    await owner.should_see("goes on from this answer", retries=30)
    ask(owner, "last")
    await owner.should_see("You said last", retries=50)
    said = [turn["content"] for turn in engine.requests[-1].turns if turn["role"] != "system"]
    assert said == ["hello", "You said hello", "last"]
