"""What one sees of a run as it goes: its points in portions, who asked for it, whether a trainer lives."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.verbs import watching
from bot.chat.verbs.authority import Actor
from db import heartbeats, runs
from db.session import Sessions, transaction
from tests.fakes import community

MEMBER = Actor("member:1", "member")


@pytest.fixture
async def run(sessions: Sessions, now) -> int:
    """A run with five points, of which the second attempt went over two again."""
    async with transaction(sessions) as session:
        persona = await community.persona(session, now)
        await runs.enqueue(session, persona, kind="train", by="test", note="", settings={}, now=now)
    for steps in ((1, 2, 3), (2, 3)):
        async with transaction(sessions) as session:
            claimed = await runs.claim(session, "trainer", now)
            assert claimed is not None
            for step in steps:
                facts = {"step": step, "steps": 9, "loss": 4.0 - step, "tokens_per_second": 5.0, "seconds_left": 7.0}
                runs.add_point(session, claimed, facts, now)
            await runs.release(session, claimed)
    return claimed.id


async def test_only_what_is_new_comes_in_portions_and_in_order(sessions: Sessions, run: int) -> None:
    first = await watching.run_points(sessions, MEMBER, run, limit=2)
    assert first == [watching.Point(1, 1, 3.0), watching.Point(1, 2, 2.0)]
    rest = await watching.run_points(sessions, MEMBER, run, (1, 2))
    assert [(point.attempt, point.step) for point in rest] == [(1, 3), (2, 2), (2, 3)]
    assert await watching.run_points(sessions, MEMBER, run, (2, 3)) == []
    assert await watching.run_points(sessions, MEMBER, 99) == []


async def test_people_are_called_by_their_names(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        ann = (await community.found(session, now)).members["Ann"].id
    found = await watching.who(sessions, MEMBER, [f"member:{ann}", "member:999", "shell:root", "schedule"])
    assert found == {f"member:{ann}": "Ann", "member:999": "someone", "shell:root": "root", "schedule": "schedule"}


async def test_a_trainer_is_alive_as_long_as_it_beats(sessions: Sessions) -> None:
    now = datetime.now(UTC)
    assert not await watching.is_trainer_alive(sessions, MEMBER)
    for ago, alive in ((heartbeats.ALIVE_FOR * 2, False), (timedelta(), True)):
        async with transaction(sessions) as session:
            await heartbeats.beat(session, "trainer", "one", {}, now - ago)
        assert await watching.is_trainer_alive(sessions, MEMBER) == alive
