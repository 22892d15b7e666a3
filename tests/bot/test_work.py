"""Things are worked on apart from each other, and what failed waits ever longer."""

import asyncio

import pytest

from bot.chat import work
from bot.chat.work import Waits, Work


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be moved on."""
    time = [100.0]
    monkeypatch.setattr(work.time, "monotonic", lambda: time[0])
    return time


def test_each_wait_is_twice_as_long_as_the_one_before_up_to_the_longest() -> None:
    waits = Waits(first_s=5.0, longest_s=30.0)
    assert [waits.failed("a") for _ in range(5)] == [5.0, 10.0, 20.0, 30.0, 30.0]
    assert waits.failed("b") == 5.0
    waits.over("a")
    assert waits.failed("a") == 5.0


def test_a_wait_holds_until_its_time_has_come(now: list[float]) -> None:
    waits = Waits(first_s=5.0)
    assert not waits.holds("a")
    waits.failed("a")
    assert waits.holds("a")
    assert not waits.holds("b")
    now[0] += 5.0
    assert not waits.holds("a")
    assert waits.failed("a") == 10.0


async def test_nothing_is_done_twice_at_once_nor_while_it_waits() -> None:
    done, go_on = list[str](), asyncio.Event()
    working = Work()

    async def do(what: str) -> None:
        done.append(what)
        await go_on.wait()

    working.begin("a", lambda: do("a"))
    working.begin("a", lambda: do("a again"))
    working.begin("b", lambda: do("b"))
    tasks = working.going()
    await asyncio.sleep(0)
    assert done == ["a", "b"]
    go_on.set()
    await asyncio.gather(*tasks)
    working.waits.failed("a")
    working.begin("a", lambda: do("a too early"))
    working.begin("b", lambda: do("b again"))
    await asyncio.gather(*working.going())
    assert done == ["a", "b", "b again"]


async def test_looking_goes_on_when_a_look_fails_and_what_is_under_way_ends_with_it() -> None:
    looks, ended = 0, asyncio.Event()
    working = Work()

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise OSError("the rows are away")
        working.begin("a", hangs)

    keeping = asyncio.create_task(working.keep(look, 0.0, "things"))
    async with asyncio.timeout(10):
        while looks < 3:  # noqa: ASYNC110  # each look is a turn of the loop
            await asyncio.sleep(0)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert ended.is_set()
    assert working.going() == []
