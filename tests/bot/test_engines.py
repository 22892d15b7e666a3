"""Several bases side by side: opened when first needed, and the least used one makes room."""

import asyncio

import pytest

from bot.engines import Engines
from bot.generation.engine import EngineBusy, EngineUnavailable, Request
from bot.prepare import BaseNotReady
from tests.fakes.engine import ScriptedEngine

SIZES = {"small": 1, "middle": 2, "large": 3, "huge": 9, "elsewhere": 0}


class House:
    """Scripted engines by base, and how often each was opened. `gone` bases cannot be prepared."""

    def __init__(self, limit: int) -> None:
        self.opened: list[str] = []
        self.made: dict[str, ScriptedEngine] = {}
        self.gone: set[str] = set()
        self.slow = asyncio.Event()
        self.slow.set()
        self.engines = Engines(self.weigh, self.open, limit)

    async def weigh(self, base: str) -> int:
        if base in self.gone:
            raise BaseNotReady(f"{base}: there is no such folder.")
        return SIZES[base]

    async def open(self, base: str) -> ScriptedEngine:
        await self.slow.wait()
        self.opened.append(base)
        self.made[base] = ScriptedEngine()
        return self.made[base]

    async def use(self, *bases: str) -> None:
        for base in bases:
            async with self.engines.using(base):
                pass

    async def is_closed(self, base: str) -> bool:
        try:
            return not [news async for news in self.made[base].generate(Request([]))]
        except EngineUnavailable:
            return True


async def test_a_base_is_opened_once_and_stays() -> None:
    house = House(limit=0)
    await asyncio.gather(*(house.use("small") for _ in range(5)), house.use("huge"))
    await house.use("small", "huge")
    assert sorted(house.opened) == ["huge", "small"]
    assert set(house.engines.open) == {"small", "huge"}


async def test_the_base_used_least_recently_makes_room() -> None:
    house = House(limit=4)
    await house.use("small", "large", "small")
    await house.use("middle")
    assert set(house.engines.open) == {"small", "middle"}
    assert await house.is_closed("large")
    await house.use("large")
    assert house.opened == ["small", "large", "middle", "large"]
    assert set(house.engines.open) == {"large"}, "small came before middle, and was not enough"


async def test_a_base_that_speaks_is_never_closed_for_room() -> None:
    house = House(limit=4)
    async with house.engines.using("large"):
        await house.use("small")
        with pytest.raises(EngineBusy, match="no memory for middle while others speak"):
            await house.use("middle")
        assert "large" in house.engines.open
    await house.use("middle")
    assert "large" not in house.engines.open


async def test_a_base_larger_than_the_limit_is_refused_and_nothing_is_closed_for_it() -> None:
    house = House(limit=4)
    await house.use("small")
    with pytest.raises(EngineUnavailable, match=r"huge takes about .* raise it or choose a smaller base"):
        await house.use("huge")
    assert set(house.engines.open) == {"small"}


async def test_what_stands_elsewhere_takes_no_room_and_is_not_closed_for_any() -> None:
    house = House(limit=4)
    await house.use("elsewhere", "large", "middle")
    assert set(house.engines.open) == {"elsewhere", "middle"}


async def test_a_missing_base_says_so_each_time_and_opens_when_it_is_there() -> None:
    house = House(limit=4)
    house.gone.add("small")
    for _ in range(2):
        with pytest.raises(BaseNotReady, match="no such folder"):
            await house.use("small")
    house.gone.clear()
    await house.use("small")
    assert house.opened == ["small"]


async def test_those_who_are_open_wait_for_nobodys_opening() -> None:
    house = House(limit=0)
    await house.use("small")
    house.slow.clear()
    opening = asyncio.create_task(house.use("large"))
    await asyncio.sleep(0)
    await asyncio.wait_for(house.use("small"), 1)
    assert not opening.done()
    house.slow.set()
    await opening


async def test_one_who_gives_up_leaves_the_opening_to_others_and_no_base_is_opened_twice() -> None:
    house = House(limit=0)
    house.slow.clear()
    first = asyncio.create_task(house.use("large"))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(house.use("large"))
    await asyncio.sleep(0)
    house.slow.set()
    await second
    assert house.opened == ["large"]
    await house.engines.aclose()
    assert await house.is_closed("large")


async def test_nothing_is_closed_for_one_that_is_refused_all_the_same() -> None:
    house = House(limit=4)
    await house.use("small")
    async with house.engines.using("middle"):
        with pytest.raises(EngineBusy):
            await house.use("large")
    assert set(house.engines.open) == {"small", "middle"}


async def test_to_look_at_what_is_open_is_no_use_of_it_but_keeps_it_open() -> None:
    house = House(limit=4)
    await house.use("small", "middle")
    async with house.engines.open_now("small") as engine, house.engines.open_now("large") as missing:
        assert engine is house.made["small"]
        assert missing is None
        with pytest.raises(EngineBusy):
            async with house.engines.using("middle"):
                await house.use("large")
    await house.use("large")
    assert house.opened == ["small", "middle", "large"]
    assert "small" not in house.engines.open, "it was used before middle, looking does not count"


async def test_closing_closes_every_base() -> None:
    house = House(limit=0)
    await house.use("small", "large")
    await house.engines.aclose()
    assert dict(house.engines.open) == {}
    assert await house.is_closed("small")
    assert await house.is_closed("large")
