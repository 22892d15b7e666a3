"""Runs in a table, and one as it goes: its line grows, its end is told, and who may cancels it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from nicegui import ui
from nicegui.testing.user import User

from bot.chat.verbs import training
from bot.chat.verbs.authority import Actor
from bot.panel.house import House
from db import adapters, datasets, members, personas, runs
from db.models import Run
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.panel import sign_in

OWNER = Actor("shell:ann", "owner")
NOW = datetime.now(UTC)


@pytest.fixture
async def run(house: House) -> int:
    """A queued run of echo's."""
    async with transaction(house.sessions) as session:
        await community.persona(session, NOW)
    return await training.retrain(house.sessions, OWNER, "echo", "new talk", {})


async def claimed(sessions: Sessions) -> Run:
    async with transaction(sessions) as session:
        found = await runs.claim(session, "trainer", NOW)
    assert found is not None
    return found


async def stepped(sessions: Sessions, run: Run, *losses: tuple[int, float], steps: int = 9) -> None:
    async with transaction(sessions) as session:
        await runs.renew(session, run, datetime.now(UTC), "training")
        for step, loss in losses:
            facts = {"step": step, "steps": steps, "loss": loss, "tokens_per_second": 50.0, "seconds_left": 65.0}
            runs.add_point(session, run, facts, NOW)


async def succeeded(sessions: Sessions, run: Run) -> None:
    async with transaction(sessions) as session:
        persona = await personas.named(session, "echo")
        counts = {"by_provenance": {"slack_export": 40}}
        run.dataset_id = (await datasets.record(session, persona.id, "chat", [], counts, NOW)).id
        figures = {"base": {"loss": 4.5}, "candidate": {"loss": 3.25}}
        await adapters.add(session, run, base="tiny", folder="x", sha256="0", figures=figures, now=NOW)
        await runs.end(session, run, "succeeded", "", NOW, dataset_id=run.dataset_id)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(100):
        if await true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came true")


def series(user: User, place: int = 0) -> list[list[float]]:
    (chart,) = user.find(ui.echart).elements
    return chart.options["series"][place]["data"]


async def drawn(user: User, expected: list[list[float]]) -> None:
    async def so() -> bool:
        return series(user) == expected

    await until(so)


async def test_the_newest_runs_stand_in_a_table_that_follows_them(owner: User, house: House, run: int) -> None:
    await owner.open("/runs")
    (table,) = owner.find(ui.table).elements
    assert [(row["id"], row["persona"], row["status"], row["link"]) for row in table.rows] == [
        (run, "echo", "queued", f"/runs?run={run}")
    ]
    await stepped(house.sessions, await claimed(house.sessions), (1, 4.0), (2, 3.5))

    async def shown() -> bool:
        return (table.rows[0]["status"], table.rows[0]["progress"]) == ("running", "2 / 9 training")

    await until(shown)


async def test_runs_of_one_persona_are_asked_for_by_its_name(owner: User, house: House, run: int) -> None:
    async with transaction(house.sessions) as session:
        await community.persona(session, NOW, name="other one")
    await owner.open("/runs?persona=other+one")
    (table,) = owner.find(ui.table).elements
    assert table.rows == []
    await owner.open("/runs?persona=nobody")
    await owner.should_see("There is no persona 'nobody'")


async def test_the_line_grows_with_the_rows_while_someone_looks(owner: User, house: House, run: int) -> None:
    going = await claimed(house.sessions)
    await stepped(house.sessions, going, (1, 4.0))
    await owner.open(f"/runs?run={run}")
    assert series(owner) == [[1, 4.0]]
    await stepped(house.sessions, going, (2, 3.5), (3, 3.0))
    await drawn(owner, [[1, 4.0], [2, 3.5], [3, 3.0]])
    await owner.should_see("step 3 of 9 · loss 3.00 · 50 tokens a second · 1:05 left", retries=20)


async def test_a_resumed_attempt_continues_the_one_line(owner: User, house: House, run: int) -> None:
    first = await claimed(house.sessions)
    await stepped(house.sessions, first, (1, 4.0), (2, 3.9), (3, 3.8))
    await owner.open(f"/runs?run={run}")
    async with transaction(house.sessions) as session:
        await runs.release(session, first)
    await stepped(house.sessions, await claimed(house.sessions), (2, 3.0), (3, 2.9))
    await drawn(owner, [[1, 4.0], [2, 3.0], [3, 2.9]])


async def test_a_run_that_succeeds_shows_its_held_out_losses_and_leads_to_comparing(
    owner: User, house: House, run: int
) -> None:
    going = await claimed(house.sessions)
    await stepped(house.sessions, going, (9, 3.0))
    await owner.open(f"/runs?run={run}")
    await owner.should_not_see("Compare")
    assert series(owner, 1) == []
    await succeeded(house.sessions, going)
    await owner.should_see("succeeded", retries=30)
    assert (series(owner, 1), series(owner, 2)) == ([[1, 4.5], [9, 4.5]], [[1, 3.25], [9, 3.25]])
    await owner.should_not_see("Cancel")
    owner.find("Compare").click()
    await owner.should_see("echo speaks with the bare base.", retries=30)
    assert owner.back_history[-1] == "/adapters?persona=echo&compare=1"


async def test_the_page_of_an_ended_run_stops_looking(owner: User, house: House, run: int) -> None:
    await owner.open(f"/runs?run={run}")
    (timer,) = owner.find(ui.timer).elements
    await training.cancel(house.sessions, OWNER, run)
    await owner.should_see("cancelled before it began", retries=30)

    async def over() -> bool:
        return timer.is_deleted or timer.callback is None

    await until(over)
    await owner.open(f"/runs?run={run}")
    await owner.should_not_see(ui.timer)


async def test_a_run_is_cancelled_after_a_second_thought(owner: User, house: House, run: int) -> None:
    await owner.open(f"/runs?run={run}")
    await owner.should_see("No trainer is alive")
    owner.find("Cancel").click()
    await owner.should_see(f"Stop run {run}?")
    owner.find("Stop it").click()
    await owner.should_see("cancelled before it began", retries=30)
    assert (await training.run_report(house.sessions, OWNER, run)).status == "cancelled"


async def test_a_running_run_is_said_to_be_stopping(owner: User, house: House, run: int) -> None:
    await claimed(house.sessions)
    await owner.open(f"/runs?run={run}")
    owner.find("Cancel").click()
    await owner.should_see("Stop it")
    owner.find("Stop it").click()
    await owner.should_see("stopping", retries=30)
    await owner.should_not_see("Cancel")


async def test_who_may_not_cancel_is_not_offered_it_and_is_refused(stranger: User, house: House, run: int) -> None:
    async with transaction(house.sessions) as session:
        ann = (await community.found(session, NOW)).members["Ann"].id
        await members.set_role(session, ann, "admin", "test", NOW)
    await sign_in(stranger, house.sessions, ann)
    await stranger.open(f"/runs?run={run}")
    stranger.find("Cancel").click()
    await stranger.should_see("Stop it")
    async with transaction(house.sessions) as session:
        await members.set_role(session, ann, "curator", "test", NOW)
    stranger.find("Stop it").click()
    await stranger.should_see("Only an admin may do this (cancel); you are a curator.", retries=20)
    assert (await training.run_report(house.sessions, OWNER, run)).status == "queued"
    await stranger.open(f"/runs?run={run}")
    await stranger.should_see("queued")
    await stranger.should_not_see("Cancel")


@pytest.mark.parametrize("number", ["99", "one", "-1", "9" * 30])
async def test_a_run_that_is_not_there_is_told(owner: User, run: int, number: str) -> None:
    await owner.open(f"/runs?run={number}")
    await owner.should_see(f"There is no run {number}")


async def test_a_failed_run_tells_why_and_who_asked(owner: User, house: House, run: int) -> None:
    going = await claimed(house.sessions)
    async with transaction(house.sessions) as session:
        await runs.end(session, going, "failed", "The disk is full.", NOW)
    await owner.open(f"/runs?run={run}")
    for text in ("failed", "The disk is full.", "ann", "new talk"):
        await owner.should_see(text)
