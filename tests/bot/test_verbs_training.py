"""Verbs on runs and adapters: retrain, cancel, promote, reject, rollback, and the record of it all."""

import pytest

from bot.chat.verbs import training, watching
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.training import CannotBeRejected, NothingToRollBack
from db import adapters, personas, runs
from db.personas import CannotGoLive
from db.session import Sessions, reading, transaction
from tests.fakes import community

ADMIN = Actor("member:1", "admin")


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    """The persona `echo` with three candidates on the base tiny."""
    async with transaction(sessions) as session:
        persona = await community.persona(session, now)
        for number in range(3):
            figures = {"base": {"loss": 4.0}, "candidate": {"loss": 3.0 - number}}
            await community.candidate(session, persona, now, figures=figures)
    return sessions


async def live(rows: Sessions) -> int | None:
    return next((one.number for one in await training.list_adapters(rows, ADMIN, "echo") if one.live), None)


async def states(rows: Sessions) -> list[str]:
    return [one.state for one in reversed(await training.list_adapters(rows, ADMIN, "echo"))]


async def mark(rows: Sessions, number: int, state: str) -> None:
    async with transaction(rows) as session:
        adapter = await adapters.numbered(session, await personas.named(session, "echo"), number)
        adapter.state = state  # type: ignore[assignment]  # as forgetting and pruning will


async def test_retraining_queues_a_run_with_what_was_asked(rows: Sessions) -> None:
    wanted = {"recipe": {"epochs": 1}, "messages": 100, "max_minutes": 2}
    run = await training.retrain(rows, ADMIN, "echo", "new talk", wanted)
    report = await training.run_report(rows, ADMIN, run)
    assert (report.status, report.note, report.requested_by, report.persona) == (
        "queued",
        "new talk",
        "member:1",
        "echo",
    )
    async with reading(rows) as session:
        assert (await runs.by_id(session, run)).settings == wanted
    with pytest.raises(runs.RunUnderWay, match=f"`yamabiko cancel {run}`"):
        await training.retrain(rows, ADMIN, "echo", "", {})


async def test_a_cancelled_run_makes_room_for_the_next(rows: Sessions) -> None:
    run = await training.retrain(rows, ADMIN, "echo", "", {})
    assert await training.cancel(rows, ADMIN, run) == "cancelled"
    assert await training.retrain(rows, ADMIN, "echo", "", {}) > run
    assert await training.cancel(rows, ADMIN, run) == "cancelled"
    with pytest.raises(runs.NoSuchRun, match="There is no run 999; `yamabiko runs` shows them"):
        await training.cancel(rows, ADMIN, 999)


async def test_a_running_run_is_asked_to_stop(rows: Sessions, now) -> None:
    run = await training.retrain(rows, ADMIN, "echo", "", {})
    async with transaction(rows) as session:
        claimed = await runs.claim(session, "trainer", now)
        assert claimed is not None
    assert await training.cancel(rows, ADMIN, run) == "running"
    async with transaction(rows) as session:
        assert await runs.renew(session, claimed, now)


async def test_runs_are_listed_newest_first_with_their_figures(rows: Sessions, now) -> None:
    run = await training.retrain(rows, ADMIN, "echo", "", {})
    async with transaction(rows) as session:
        claimed = await runs.claim(session, "trainer", now)
        assert claimed is not None
        for step in (1, 2):
            facts = {
                "step": step,
                "steps": 9,
                "loss": 4.0 - step,
                "tokens_per_second": 50.0,
                "seconds_left": 7.0,
            }
            runs.add_point(session, claimed, facts, now)
    newest, *older = await training.list_runs(rows, ADMIN, "echo")
    assert (newest.id, newest.step, newest.steps, newest.loss, newest.seconds_left) == (run, 2, 9, 2.0, 7.0)
    assert [report.adapter for report in older] == [3, 2, 1]
    assert [report.id for report in await training.list_runs(rows, ADMIN, None, 2)] == [run, run - 1]
    with pytest.raises(personas.NoSuchPersona):
        await training.list_runs(rows, ADMIN, "nobody")


async def test_adapters_are_listed_with_losses_and_how_much_they_learned_from(rows: Sessions) -> None:
    newest = (await training.list_adapters(rows, ADMIN, "echo"))[0]
    assert (newest.number, newest.state, newest.live, newest.messages) == (3, "candidate", False, 40)
    assert (newest.loss("base"), newest.loss("candidate"), newest.loss("live")) == (4.0, 1.0, None)


async def test_promoting_takes_the_newest_candidate_or_the_one_that_is_named(rows: Sessions) -> None:
    assert await training.promote(rows, ADMIN, "echo", 1, "I like it") == 1
    assert await live(rows) == 1
    await training.reject(rows, ADMIN, "echo", 3)
    assert await training.promote(rows, ADMIN, "echo") == 2
    history = await watching.list_activations(rows, ADMIN, "echo")
    assert [(row.previous, row.adapter, row.by, row.why) for row in history] == [
        (1, 2, "member:1", "promoted"),
        (None, 1, "member:1", "I like it"),
    ]


async def test_promoting_what_speaks_already_is_told_and_leaves_no_record(rows: Sessions) -> None:
    await training.promote(rows, ADMIN, "echo", 3)
    for number in (3, None):
        with pytest.raises(CannotGoLive, match="echo speaks with adapter 3 already"):
            await training.promote(rows, ADMIN, "echo", number)
    assert len(await watching.list_activations(rows, ADMIN, "echo")) == 1


async def test_an_adapter_that_is_not_there_is_told(rows: Sessions) -> None:
    with pytest.raises(adapters.NoSuchAdapter, match="echo has no adapter 9; `yamabiko adapters echo` shows them"):
        await training.promote(rows, ADMIN, "echo", 9)
    for number in (1, 2, 3):
        await training.reject(rows, ADMIN, "echo", number)
    with pytest.raises(adapters.NoSuchAdapter, match="echo has no candidate; `yamabiko train echo` makes one"):
        await training.promote(rows, ADMIN, "echo")


async def test_promoting_a_rejected_adapter_takes_the_rejection_back(rows: Sessions) -> None:
    await training.reject(rows, ADMIN, "echo", 2)
    assert await states(rows) == ["candidate", "rejected", "candidate"]
    await training.promote(rows, ADMIN, "echo", 2)
    assert await states(rows) == ["candidate", "candidate", "candidate"]


async def test_the_live_adapter_cannot_be_rejected(rows: Sessions) -> None:
    await training.promote(rows, ADMIN, "echo", 2)
    with pytest.raises(CannotBeRejected, match="Adapter 2 is live; roll echo back before rejecting it"):
        await training.reject(rows, ADMIN, "echo", 2)


@pytest.mark.parametrize("state", ["tainted", "deleted"])
async def test_no_detour_brings_a_tainted_or_deleted_adapter_back(rows: Sessions, state: str) -> None:
    await mark(rows, 2, state)
    with pytest.raises(CannotBeRejected, match=f"is {state} already"):
        await training.reject(rows, ADMIN, "echo", 2)
    for attempt in (training.promote(rows, ADMIN, "echo", 2), training.rollback(rows, ADMIN, "echo", 2)):
        with pytest.raises(CannotGoLive, match=f"is {state} and cannot speak"):
            await attempt
    assert (await states(rows))[1] == state


async def test_rolling_back_twice_goes_back_twice(rows: Sessions) -> None:
    for number in (1, 2, 3):
        await training.promote(rows, ADMIN, "echo", number)
    assert [await training.rollback(rows, ADMIN, "echo") for _ in range(3)] == [2, 1, None]
    with pytest.raises(NothingToRollBack, match="echo speaks as its bare base; there is nothing to go back to"):
        await training.rollback(rows, ADMIN, "echo")
    assert len(await watching.list_activations(rows, ADMIN, "echo")) == 6


async def test_after_a_rollback_and_a_new_promotion_one_goes_back_to_what_was_before_it(
    rows: Sessions,
) -> None:
    await training.promote(rows, ADMIN, "echo", 1)
    await training.promote(rows, ADMIN, "echo", 2)
    await training.rollback(rows, ADMIN, "echo")
    await training.promote(rows, ADMIN, "echo", 3)
    assert await training.rollback(rows, ADMIN, "echo") == 1


async def test_one_can_go_back_to_a_number_or_to_the_bare_base(rows: Sessions) -> None:
    for number in (1, 2, 3):
        await training.promote(rows, ADMIN, "echo", number)
    assert await training.rollback(rows, ADMIN, "echo", 1, "it was kinder") == 1
    assert await training.rollback(rows, ADMIN, "echo", 0) is None
    assert await live(rows) is None
    newest, before = (await watching.list_activations(rows, ADMIN, "echo"))[:2]
    assert (newest.previous, newest.adapter, newest.why) == (1, None, "rolled back")
    assert before.why == "it was kinder"
    with pytest.raises(CannotGoLive, match="echo speaks with its bare base already"):
        await training.rollback(rows, ADMIN, "echo", 0)


async def test_a_rollback_passes_over_what_may_not_speak_any_more(rows: Sessions) -> None:
    for number in (1, 2, 3):
        await training.promote(rows, ADMIN, "echo", number)
    await mark(rows, 2, "tainted")
    assert await training.rollback(rows, ADMIN, "echo") == 1
    await training.promote(rows, ADMIN, "echo", 3)
    await mark(rows, 1, "deleted")
    assert await training.rollback(rows, ADMIN, "echo") is None


async def test_with_nothing_promoted_there_is_nothing_to_roll_back_to(rows: Sessions) -> None:
    with pytest.raises(NothingToRollBack):
        await training.rollback(rows, ADMIN, "echo")
    assert await watching.list_activations(rows, ADMIN, "echo") == []


async def test_another_personas_adapters_are_out_of_reach(rows: Sessions, now) -> None:
    async with transaction(rows) as session:
        other = await community.persona(session, now, name="other")
        await community.candidate(session, other, now)
    assert [one.number for one in await training.list_adapters(rows, ADMIN, "other")] == [1]
    await training.promote(rows, ADMIN, "other", 1)
    assert await live(rows) is None
    with pytest.raises(adapters.NoSuchAdapter, match="other has no adapter 2"):
        await training.promote(rows, ADMIN, "other", 2)
