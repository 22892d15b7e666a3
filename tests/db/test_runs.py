"""Runs: one winner a claim, leases that lapse, attempts that fence; activation is the only switch."""

import asyncio
from datetime import timedelta

import pytest

from db import adapters, datasets, personas, runs
from db.models import Adapter, Persona, Run
from db.session import Sessions, reading, transaction
from tests.fakes import community


async def queued(sessions: Sessions, now, **changed) -> tuple[Persona, Run]:
    async with transaction(sessions) as session:
        persona = await community.persona(session, now, **changed)
        run = await runs.enqueue(session, persona, kind="train", by="t", note="", settings={}, now=now)
        return persona, run


async def claim(sessions: Sessions, worker: str, now) -> Run | None:
    async with transaction(sessions) as session:
        return await runs.claim(session, worker, now)


async def trained(sessions: Sessions, persona: Persona, run: Run, now) -> Adapter:
    async with transaction(sessions) as session:
        dataset = await datasets.record(session, persona.id, "chat", [], {}, now)
        await runs.keep(session, run, dataset_id=dataset.id)
        run.dataset_id = dataset.id
        adapter = await adapters.add(session, run, base="tiny", folder="f", sha256="0", figures={}, now=now)
        await runs.end(session, run, "succeeded", "", now)
        return adapter


async def test_of_two_concurrent_claims_one_wins(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    won = await asyncio.gather(*(claim(sessions, f"worker {i}", now) for i in range(6)))
    winners = [run for run in won if run is not None]
    assert len(winners) == 1
    assert winners[0].attempt == 1


async def test_a_lapsed_lease_is_claimed_again_and_the_former_attempt_is_fenced_out(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    first = await claim(sessions, "a", now)
    assert first is not None
    assert await claim(sessions, "b", now + timedelta(seconds=5)) is None
    second = await claim(sessions, "b", now + runs.LEASE + timedelta(seconds=1))
    assert second is not None
    assert second.attempt == 2
    first.attempt = 1
    with pytest.raises(runs.RunLost):
        async with transaction(sessions) as session:
            await runs.end(session, first, "succeeded", "", now)
    async with transaction(sessions) as session:
        await runs.end(session, second, "failed", "because", now)
    async with reading(sessions) as session:
        assert (await runs.by_id(session, second.id)).reason == "because"


async def test_a_released_run_waits_again_for_the_next_trainer(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    first = await claim(sessions, "a", now)
    assert first is not None
    async with transaction(sessions) as session:
        await runs.release(session, first)
    second = await claim(sessions, "b", now)
    assert second is not None
    assert second.attempt == 2


async def test_a_persona_has_one_open_run_at_a_time(sessions: Sessions, now) -> None:
    persona, _ = await queued(sessions, now)
    with pytest.raises(runs.RunUnderWay, match="has not ended"):
        async with transaction(sessions) as session:
            await runs.enqueue(session, persona, kind="train", by="t", note="", settings={}, now=now)


async def test_a_queued_run_is_cancelled_at_once_and_a_running_one_is_asked(sessions: Sessions, now) -> None:
    _, run = await queued(sessions, now)
    async with transaction(sessions) as session:
        assert (await runs.request_cancel(session, run.id, now)).status == "cancelled"
    assert await claim(sessions, "a", now) is None
    _, other = await queued(sessions, now, name="second")
    taken = await claim(sessions, "a", now)
    assert taken is not None
    assert taken.id == other.id
    async with transaction(sessions) as session:
        assert (await runs.request_cancel(session, other.id, now)).status == "running"
    async with transaction(sessions) as session:
        assert await runs.renew(session, taken, now)


async def test_rollback_to_an_older_adapter_is_one_activate(sessions: Sessions, now) -> None:
    persona, _ = await queued(sessions, now)
    made: list[Adapter] = []
    for _ in range(2):
        run = await claim(sessions, "a", now)
        assert run is not None
        made.append(await trained(sessions, persona, run, now))
        async with transaction(sessions) as session:
            await runs.enqueue(session, persona, kind="train", by="t", note="", settings={}, now=now)
    assert [adapter.number for adapter in made] == [1, 2]

    async def activate(adapter: Adapter | None, expected: Adapter | None) -> None:
        async with transaction(sessions) as session:
            row = await personas.named(session, "echo")
            await personas.activate(session, row, adapter, expected=expected and expected.id, by="t", why="w", now=now)

    await activate(made[0], None)
    await activate(made[1], made[0])
    await activate(made[0], made[1])  # the rollback
    async with reading(sessions) as session:
        assert (await personas.named(session, "echo")).live_adapter_id == made[0].id
        history = await personas.activations(session, persona.id)
    assert [row.adapter_id for row in history] == [made[0].id, made[1].id, made[0].id]
    with pytest.raises(personas.LiveChanged):
        await activate(made[1], made[1])


@pytest.mark.parametrize("state", ["tainted", "deleted"])
async def test_a_tainted_or_deleted_adapter_never_goes_live(sqlite_sessions: Sessions, now, state) -> None:
    persona, _ = await queued(sqlite_sessions, now)
    run = await claim(sqlite_sessions, "a", now)
    assert run is not None
    adapter = await trained(sqlite_sessions, persona, run, now)
    adapter.state = state
    with pytest.raises(personas.CannotGoLive, match=state):
        async with transaction(sqlite_sessions) as session:
            await personas.activate(session, persona, adapter, expected=None, by="t", why="", now=now)
