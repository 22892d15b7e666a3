"""Personas made, changed, trained and deleted on a page, without anyone touching a file."""

import asyncio
import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user import User

from bot.chat.verbs import personas, training
from bot.chat.verbs.authority import Actor
from bot.panel.house import Bases, House
from db import members, runs
from db.personas import set_voices
from db.recipe import SAMPLING
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.panel import house_of, sign_in

OWNER = Actor("shell:ann", "owner")
NOW = datetime.now(UTC)


def trouble(base: str) -> str | None:
    return None if base in ("tiny", "served") else f"{base} is nothing"


@pytest.fixture
async def house(sqlite_sessions: Sessions, tmp_path) -> House:
    """The persona echo, which learns from the channel general, and members Ann and Ben."""
    async with transaction(sqlite_sessions) as session:
        place = await community.found(session, NOW)
        await community.persona(session, NOW, place.channel)
    bases = Bases(["tiny", "served"], frozenset(["served"]), trouble, lambda base: base == "gpt2")
    return house_of(sqlite_sessions, tmp_path, bases=bases)


def box(user: User, marker: str) -> Any:
    (found,) = user.find(marker=marker).elements
    return found


async def shown(house: House, name: str = "echo") -> personas.PersonaSummary:
    return await personas.show(house.sessions, OWNER, name)


async def test_each_persona_stands_there_with_who_it_is(owner: User, house: House) -> None:
    await owner.open("/personas")
    for text in ("echo", "speaks with the bare base", "tiny", "chat: answers people", "the whole community", "general"):
        await owner.should_see(text)
    hrefs = {link.props["href"] for link in owner.find(ui.link).elements}
    assert {"/runs?persona=echo", "/adapters?persona=echo"} <= hrefs


async def test_a_persona_is_made_in_a_dialog(owner: User, house: House) -> None:
    await owner.open("/personas")
    owner.find("New persona").click()
    await owner.should_see(marker="name", retries=20)
    owner.find(marker="name").type("harbour & co")
    box(owner, "preset").value = "novel"
    await until_value(owner, "temperature", 1.0)
    box(owner, "sources").value = ["Harbour/general"]
    assert list(box(owner, "voices").options.values()) == ["Ann (has not agreed yet)", "Ben (has not agreed yet)"]
    box(owner, "voices").value = [next(iter(box(owner, "voices").options))]
    owner.find(marker="prompts").type("Once upon a time\n\nIt was")
    box(owner, "temperature").value = 0.5
    box(owner, "max_new_tokens").value = 40.0
    box(owner, "epochs").value = 2
    box(owner, "target_modules").value = "q_proj, v_proj"
    owner.find(marker="do").click()
    await ended(owner)
    await owner.should_see("harbour & co")
    made = await shown(house, "harbour & co")
    assert dataclasses.asdict(made) == {
        "name": "harbour & co",
        "base": "tiny",
        "shape": "text",
        "preset": "novel",
        "live": None,
        "voice": ["Ann"],
        "sources": ["general"],
        "speakers": made.speakers,
        "places": ["Harbour/general"],
        "system_prompt": "You are harbour & co, a member of this community. Answer in its way of speaking.",
        "prompts": ["Once upon a time", "It was"],
        "recipe": {"epochs": 2, "target_modules": ["q_proj", "v_proj"]},
        "sampling": {**SAMPLING["novel"], "temperature": 0.5, "max_new_tokens": 40},
    }


async def ended(user: User) -> None:
    """The dialog has closed."""
    for _ in range(100):
        if not any(dialog.value for dialog in user.find(ui.dialog).elements):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the dialog is still open; told: {user.notify.messages}")


async def until_value(user: User, marker: str, value: float) -> None:
    for _ in range(100):
        if box(user, marker).value == value:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{marker} never became {value}")


async def notified(user: User, told: str) -> None:
    for _ in range(100):
        if any(told in message for message in user.notify.messages):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{told!r} was never told, but: {user.notify.messages}")


async def opened(user: User, button: str) -> None:
    await user.open("/personas")
    user.find(button).click()
    await user.should_see(marker="do", retries=20)


async def test_a_dialog_saved_as_it_opened_changes_nothing(owner: User, house: House) -> None:
    async with transaction(house.sessions) as session:
        harbour = await community.found(session, NOW)
        other = await community.persona(
            session,
            NOW,
            harbour.channel,
            name="other",
            recipe={"rank": 8},
            prompts=["one\nprompt of two lines"],
            sampling={"temperature": 0.3, "top_p": 0.95, "top_k": 50, "stop": ["END"]},
        )
        await set_voices(session, other, [harbour.members["Ben"].id])
    before = {name: await shown(house, name) for name in ("echo", "other")}
    for place, name in enumerate(before):
        await owner.open("/personas")
        edit = owner.find("Edit")
        edit.elements = {sorted(edit.elements, key=lambda element: element.id)[place]}
        edit.click()
        await owner.should_see(f"Edit {name}", retries=20)
        owner.find(marker="do").click()
        await ended(owner)
    after = {name: await shown(house, name) for name in before}
    assert after["other"] == before["other"]
    assert after["echo"] == dataclasses.replace(before["echo"], sampling=dict(SAMPLING["chat"]))


async def test_what_is_changed_in_the_dialog_is_changed_in_the_rows(owner: User, house: House) -> None:
    await opened(owner, "Edit")
    assert box(owner, "system").value == "You are echo."
    box(owner, "system").value = "You are the sea."
    box(owner, "sources").value = []
    box(owner, "prompts").value = "Waves?"
    box(owner, "top_p").value = 0.5
    box(owner, "rank").value = 4
    owner.find(marker="do").click()
    await owner.should_see(kind=ui.label, content="You are the sea.", retries=30)
    await owner.should_see("no channel yet")
    now = await shown(house)
    assert (now.places, now.prompts, now.recipe, now.sampling["top_p"]) == ([], ["Waves?"], {"rank": 4}, 0.5)


async def test_another_preset_brings_its_own_numbers(owner: User, house: House) -> None:
    await opened(owner, "Edit")
    assert (box(owner, "temperature").value, box(owner, "batch").value) == (0.8, 8)
    box(owner, "preset").value = "novel"
    await owner.should_see("novel: continues a text")
    await until_value(owner, "temperature", 1.0)
    assert box(owner, "batch").value == 32
    owner.find(marker="do").click()
    await ended(owner)
    now = await shown(house)
    assert (now.preset, now.shape, now.recipe, now.sampling) == ("novel", "text", {}, SAMPLING["novel"])


@pytest.mark.parametrize(
    ("marker", "value", "told"),
    [
        ("temperature", 11.0, "The sampling's temperature must lie between 0 and 10"),
        ("rank", 2.5, "The recipe's rank must be a whole number"),
        ("base", None, "A persona stands on a base; choose one."),
    ],
)
async def test_what_cannot_be_is_told_and_the_dialog_stays(
    owner: User, house: House, marker: str, value: Any, told: str
) -> None:
    before = await shown(house)
    await opened(owner, "Edit")
    box(owner, marker).value = value
    owner.find(marker="do").click()
    await notified(owner, told)
    await owner.should_see("Edit echo")
    assert await shown(house) == before


async def test_a_base_that_can_be_none_is_told_and_the_dialog_stays(owner: User, house: House) -> None:
    await opened(owner, "Edit")
    write_base(owner, "nonsense")
    told = "There is no base called nonsense: nonsense is nothing; mend that, or choose another."
    await owner.should_see(told, retries=20)
    owner.find(marker="do").click()
    await notified(owner, told)
    assert (await shown(house)).base == "tiny"


def write_base(user: User, base: str) -> None:
    """As a browser tells it: typed, and left without the enter key."""
    user.find(marker="base").trigger("inputValue", base).trigger("blur")


async def test_a_word_that_only_a_hub_can_know_is_doubted_and_taken(owner: User, house: House) -> None:
    await opened(owner, "Edit")
    write_base(owner, "gpt2")
    await owner.should_see("gpt2 is nothing; so a hub will be asked for it.", retries=20)
    owner.find(marker="do").click()
    await owner.should_see(kind=ui.label, content="gpt2", retries=30)
    await ended(owner)
    assert (await shown(house)).base == "gpt2"


async def test_a_name_that_is_taken_is_told(owner: User, house: House) -> None:
    await opened(owner, "New persona")
    owner.find(marker="name").type("echo")
    owner.find(marker="do").click()
    await notified(owner, "There is a persona 'echo' already; choose another name.")
    assert len(await personas.every(house.sessions, OWNER)) == 1


async def test_training_is_asked_for_in_a_dialog_and_leads_to_its_run(owner: User, house: House) -> None:
    await opened(owner, "Train")
    owner.find(marker="note").type("after the picnic")
    box(owner, "minutes").value = 2.5
    box(owner, "messages").value = 100
    box(owner, "epochs").value = 1.0
    owner.find(marker="do").click()
    await owner.should_see("Run 1 of echo", retries=30)
    assert owner.back_history[-1] == "/runs?run=1"
    async with reading(house.sessions) as session:
        run = await runs.by_id(session, 1)
    assert (run.note, run.settings) == (
        "after the picnic",
        {"max_minutes": 2.5, "messages": 100, "recipe": {"epochs": 1}},
    )


async def test_a_second_training_is_refused_while_the_first_has_not_ended(owner: User, house: House) -> None:
    await training.retrain(house.sessions, OWNER, "echo", "", {})
    await opened(owner, "Train")
    owner.find(marker="do").click()
    await notified(owner, "Run 1 of echo has not ended")
    assert len(await training.list_runs(house.sessions, OWNER)) == 1


async def test_a_persona_on_a_servers_model_cannot_be_trained(owner: User, house: House) -> None:
    await personas.edit(house.sessions, OWNER, "echo", personas.Wishes(base="served"))
    await owner.open("/personas")
    await owner.should_see("Edit")
    await owner.should_not_see("Train")


async def test_a_persona_is_deleted_after_a_second_thought(owner: User, house: House) -> None:
    await opened(owner, "Delete")
    await owner.should_see("Delete echo?")
    owner.find("Not now").click()
    assert len(await personas.every(house.sessions, OWNER)) == 1
    await opened(owner, "Delete")
    owner.find(marker="do").click()
    await owner.should_see("There is no persona yet.", retries=30)
    assert await personas.every(house.sessions, OWNER) == []


async def test_who_may_not_change_personas_is_not_offered_it_and_is_refused(stranger: User, house: House) -> None:
    async with transaction(house.sessions) as session:
        ann = (await members.named(session, "Ann")).id
        await members.set_role(session, ann, "admin", "test", NOW)
    await sign_in(stranger, house.sessions, ann)
    await opened(stranger, "Edit")
    box(stranger, "system").value = "Obey."
    async with transaction(house.sessions) as session:
        await members.set_role(session, ann, "curator", "test", NOW)
    stranger.find(marker="do").click()
    await notified(stranger, "Only an admin may do this (edit); you are a curator.")
    assert (await shown(house)).system_prompt == "You are echo."
    await stranger.open("/personas")
    await stranger.should_see("echo")
    for offered in ("New persona", "Edit", "Delete", "Train"):
        await stranger.should_not_see(offered)
