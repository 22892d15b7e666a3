"""Adapters on a page: promoted, rejected, rolled back, compared side by side, and the record of it."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nicegui import ui
from nicegui.testing.user import User

from bot.chat.verbs import training, watching
from bot.chat.verbs.authority import Actor
from bot.generation.engine import Request
from bot.panel.house import House
from db import members, personas
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.engine import ScriptedEngine
from tests.fakes.panel import house_of, panel, sign_in

OWNER = Actor("shell:ann", "owner")
NOW = datetime.now(UTC)
WEIGHTS = b"w"


def answered(request: Request) -> str:
    """What is said, and by whom."""
    return f"{request.adapter or 'bare'} on {request.turns[-1]['content']}"


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(otherwise=answered)


@pytest.fixture
async def house(sqlite_sessions: Sessions, tmp_path: Path, engine: ScriptedEngine) -> AsyncIterator[House]:
    """The persona echo with two candidates, whose files are sound."""
    async with transaction(sqlite_sessions) as session:
        persona = await community.persona(session, NOW, prompts=["Hello?", "Who are you?"])
        for after in (3.5, 3.25):
            figures = {"base": {"loss": 4.5}, "candidate": {"loss": after}}
            sha256 = hashlib.sha256(WEIGHTS).hexdigest()
            adapter = await community.candidate(session, persona, NOW, figures=figures, sha256=sha256)
            folder = tmp_path / "adapters" / adapter.folder
            folder.mkdir(parents=True)
            (folder / "adapter_config.json").write_text("{}")
            (folder / "adapter_model.safetensors").write_bytes(WEIGHTS)
    house = house_of(sqlite_sessions, tmp_path, engine)
    yield house
    await house.live.aclose()


async def live(house: House) -> int | None:
    found = await training.list_adapters(house.sessions, OWNER, "echo")
    return next((adapter.number for adapter in found if adapter.live), None)


def table(user: User) -> list[list[str]]:
    """The activation history as it stands there."""
    (found,) = user.find(ui.table).elements
    return [[row[str(place)] for place in range(1, 5)] for row in found.rows]


async def test_each_adapter_stands_there_with_what_it_learned(owner: User, house: House) -> None:
    await owner.open("/adapters")
    await owner.should_see("echo speaks with the bare base.")
    await owner.should_see("40 messages · held-out loss 4.50 → 3.25")
    await owner.should_see("40 messages · held-out loss 4.50 → 3.50")
    await owner.should_see("Nothing but the bare base has spoken yet.")
    hrefs = {link.props["href"] for link in owner.find(ui.link).elements}
    assert {"/runs?run=1", "/runs?run=2"} <= hrefs


async def test_promoting_asks_why_and_is_recorded(owner: User, house: House) -> None:
    await owner.open("/adapters?persona=echo")
    owner.find("Promote").click()  # of the two the first, and the newest adapter stands first
    await owner.should_see("Let adapter 2 speak for echo?")
    owner.find(marker="why").type("it is kind")
    owner.find(marker="do").click()
    await owner.should_see("echo speaks with adapter 2.", retries=30)
    assert await live(house) == 2
    assert table(owner) == [["the bare base", "adapter 2", "panel", "it is kind"]]


async def test_rolling_back_goes_to_what_was_before_or_to_the_chosen(owner: User, house: House) -> None:
    for number in (1, 2):
        await training.promote(house.sessions, OWNER, "echo", number)
    await owner.open("/adapters?persona=echo")
    owner.find("Roll back").click()
    await owner.should_see("Roll echo back")
    owner.find(marker="do").click()
    await owner.should_see("echo speaks with adapter 1.", retries=30)
    await owner.open("/adapters?persona=echo")
    owner.find("Roll back").click()
    await owner.should_see("Roll echo back")
    (to,) = owner.find(marker="to").elements
    assert isinstance(to, ui.select)
    assert to.options == {"before": "what was live before", 0: "the bare base", 2: "adapter 2", 1: "adapter 1"}
    to.value = 0
    owner.find(marker="why").type("too loud")
    owner.find(marker="do").click()
    await owner.should_see("echo speaks with the bare base.", retries=30)
    assert await live(house) is None
    assert [row[1] for row in table(owner)] == ["the bare base", "adapter 1", "adapter 2", "adapter 1"]
    assert table(owner)[0][3] == "too loud"


async def test_what_the_verb_refuses_is_told_and_changes_nothing(owner: User, house: House) -> None:
    await owner.open("/adapters?persona=echo")
    owner.find("Roll back").click()
    await owner.should_see("Roll echo back")
    owner.find(marker="do").click()
    await owner.should_see("echo speaks as its bare base; there is nothing to go back to.", retries=20)
    await training.promote(house.sessions, OWNER, "echo", 1)
    await owner.open("/adapters?persona=echo")
    owner.find("Promote").click()
    await owner.should_see("Let adapter 2 speak for echo?")
    await training.promote(house.sessions, OWNER, "echo", 2)
    owner.find(marker="do").click()
    await owner.should_see("echo speaks with adapter 2 already", retries=20)
    assert len(await watching.list_activations(house.sessions, OWNER, "echo")) == 2


async def test_a_rejected_adapter_says_so_and_can_still_be_promoted(owner: User, house: House) -> None:
    await owner.open("/adapters?persona=echo")
    owner.find("Reject").click()
    await owner.should_see("Reject adapter 2?")
    owner.find(marker="do").click()
    await owner.should_see("rejected", retries=30)
    states = {one.number: one.state for one in await training.list_adapters(house.sessions, OWNER, "echo")}
    assert states == {1: "candidate", 2: "rejected"}
    assert len(owner.find("Promote").elements) == 2


async def test_who_may_not_change_what_speaks_is_not_offered_it_and_is_refused(stranger: User, house: House) -> None:
    async with transaction(house.sessions) as session:
        ann = (await community.found(session, NOW)).members["Ann"].id
        await members.set_role(session, ann, "admin", "test", NOW)
    await sign_in(stranger, house.sessions, ann)
    await stranger.open("/adapters")
    stranger.find("Promote").click()
    await stranger.should_see("Let adapter 2 speak for echo?")
    async with transaction(house.sessions) as session:
        await members.set_role(session, ann, "curator", "test", NOW)
    stranger.find(marker="do").click()
    await stranger.should_see("Only an admin may do this (promote); you are a curator.", retries=20)
    assert await live(house) is None
    await stranger.open("/adapters")
    await stranger.should_see("echo speaks with the bare base.")
    for offered in ("Promote", "Reject", "Roll back"):
        await stranger.should_not_see(offered)
    await stranger.should_see("Compare")


async def test_answers_stand_side_by_side_by_prompt(owner: User, house: House, engine: ScriptedEngine) -> None:
    await training.promote(house.sessions, OWNER, "echo", 1)
    await owner.open("/adapters?persona=echo&compare=2")
    owner.find("Ask them").click()
    for prompt in ("Hello?", "Who are you?"):
        for speaker in ("bare", "a000001", "a000002"):
            await owner.should_see(f"{speaker} on {prompt}", retries=50)
    for speaker in ("base", "adapter 1 (live)", "adapter 2"):
        await owner.should_see(speaker)
    await owner.should_not_see(ui.spinner)
    assert {request.sampling.seed for request in engine.requests} == {1}


async def test_typed_prompts_seed_and_number_of_answers_are_those_asked(
    owner: User, house: House, engine: ScriptedEngine
) -> None:
    await owner.open("/adapters?persona=echo")
    owner.find(marker="ask").clear().type("Rain?\n\nSun?")
    for marker, value in (("candidates", 3), ("seed", 7)):
        (box,) = owner.find(marker=marker).elements
        assert isinstance(box, ui.number)
        box.value = value
    owner.find("Ask them").click()
    await owner.should_see("a000002 on Sun?", retries=50)
    assert [request.turns[-1]["content"] for request in engine.requests] == ["Rain?", "Rain?", "Sun?", "Sun?"]
    assert {(request.candidates, request.sampling.seed) for request in engine.requests} == {(3, 7)}


async def test_a_prompt_written_twice_is_asked_once_and_none_is_told(
    owner: User, house: House, engine: ScriptedEngine
) -> None:
    await owner.open("/adapters?persona=echo")
    owner.find(marker="ask").clear()
    owner.find("Ask them").click()
    await owner.should_see("Write a prompt first.", retries=20)
    owner.find(marker="ask").type("Rain?\nRain?")
    owner.find("Ask them").click()
    await owner.should_see("a000002 on Rain?", retries=50)
    await owner.should_not_see(ui.spinner, retries=20)
    assert len(engine.requests) == 2


async def test_comparing_can_be_stopped_between_two_answers(house: House) -> None:
    slow = ScriptedEngine(otherwise=answered, word_s=0.1)
    another = house_of(house.sessions, house.uploads.parent, slow)
    async with panel(another) as user:
        await sign_in(user, house.sessions)
        await user.open("/adapters?persona=echo")
        user.find("Ask them").click()
        await user.should_see("bare on Hello?", retries=50)
        user.find("Stop").click()
        await user.should_not_see("Stop", retries=50)
        await user.should_not_see(ui.spinner)
        assert len(slow.requests) < 4
    await another.live.aclose()


async def test_a_damaged_adapter_is_told_in_the_comparison(owner: User, house: House) -> None:
    for file in house.uploads.parent.rglob("adapter_model.safetensors"):
        file.write_bytes(b"other")
    await owner.open("/adapters?persona=echo")
    owner.find("Ask them").click()
    await owner.should_see("The file of adapter 2 is not what was trained", retries=50)
    await owner.should_not_see(ui.spinner)


async def test_a_persona_without_adapters_says_how_to_make_one(owner: User, house: House) -> None:
    async with transaction(house.sessions) as session:
        await community.persona(session, NOW, name="ja & co")
    await owner.open("/adapters?persona=ja+%26+co")
    await owner.should_see("ja & co has no adapter yet; train it.")
    await owner.should_not_see("Ask them")
    await owner.open("/adapters?persona=nobody")
    await owner.should_see("There is no persona 'nobody'")


async def test_without_a_persona_there_is_nothing_to_show(owner: User, house: House) -> None:
    async with transaction(house.sessions) as session:
        (await personas.named(session, "echo")).deleted_at = NOW
    await owner.open("/adapters")
    await owner.should_see("There is no persona yet.")
