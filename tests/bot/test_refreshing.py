"""Pages that stand open are shown again when something changed, and no longer than somebody may look."""

import asyncio
import time
from collections.abc import Hashable

import pytest

from bot.chat import refreshing
from bot.chat.cards import Card, told
from bot.chat.refreshing import Refreshing


class World:
    """Something that changes, and pages that tell of it."""

    def __init__(self) -> None:
        self.state = 0
        self.looks = 0
        self.built: list[str] = []
        self.shown: list[tuple[str, Card]] = []
        self.fails: set[str] = set()
        self.pages = Refreshing(self.look)

    async def look(self) -> Hashable:
        self.looks += 1
        return self.state

    async def open(self, who: str, tells: bool = True, stands: bool = False, pace_s: float = 0.0) -> None:
        async def build() -> Card:
            self.built.append(who)
            return told(f"{self.state}" if tells else "always the same")

        async def publish(card: Card) -> None:
            if who in self.fails:
                raise OSError("away")
            self.shown.append((who, card))

        if stands:
            await self.pages.stand(who, build, publish, lambda: pace_s)
        else:
            await self.pages.open(who, build, publish)

    async def changes(self) -> None:
        self.state += 1
        await self.pages.refresh()


@pytest.fixture
async def world() -> World:
    return World()


async def test_a_page_is_shown_at_once_and_again_when_it_changed(world: World) -> None:
    await world.open("Ann")
    await world.pages.refresh()
    await world.pages.refresh()
    assert world.shown == [("Ann", told("0"))]
    await world.changes()
    assert world.shown == [("Ann", told("0")), ("Ann", told("1"))]
    built = len(world.built)
    await world.pages.refresh()
    assert len(world.built) == built


async def test_what_did_not_change_on_a_page_is_not_published(world: World) -> None:
    await world.open("Ann", tells=False)
    await world.changes()
    assert world.built == ["Ann", "Ann"]
    assert len(world.shown) == 1


async def test_nobody_looking_nothing_is_looked_for(world: World) -> None:
    await world.pages.refresh()
    assert world.looks == 0


async def test_opened_again_a_page_is_one_page_still(world: World) -> None:
    await world.open("Ann")
    await world.open("Ann")
    await world.changes()
    assert [who for who, _ in world.shown] == ["Ann", "Ann", "Ann"]


async def test_a_page_that_fails_is_dropped_and_holds_up_no_other(world: World) -> None:
    await world.open("Ann")
    await world.open("Ben")
    world.fails.add("Ann")
    await world.changes()
    world.fails.clear()
    await world.changes()
    assert [who for who, _ in world.shown] == ["Ann", "Ben", "Ben", "Ben"]


async def test_a_page_that_cannot_be_shown_at_first_is_the_openers_to_hear(world: World) -> None:
    world.fails.add("Ann")
    with pytest.raises(OSError, match="away"):
        await world.open("Ann")
    await world.changes()
    assert world.looks == 0


async def test_after_a_while_nobody_is_believed_to_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.open("Ann")
    then = time.monotonic() + refreshing.BELIEVED_S + 1
    monkeypatch.setattr(refreshing.time, "monotonic", lambda: then)
    await world.changes()
    assert len(world.shown) == 1


async def test_ages_are_told_anew_without_a_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.open("Ann")
    await world.pages.refresh()
    then = time.monotonic() + refreshing.ANYWAY_S + 1
    monkeypatch.setattr(refreshing.time, "monotonic", lambda: then)
    built = len(world.built)
    await world.pages.refresh()
    assert len(world.built) == built + 1


async def test_there_are_not_more_pages_than_can_be_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "MOST", 2)
    for who in ("Ann", "Ben", "Cat"):
        await world.open(who)
    world.shown.clear()
    await world.changes()
    assert sorted(who for who, _ in world.shown) == ["Ben", "Cat"]


async def test_following_goes_on_when_a_look_fails() -> None:
    states = iter([1, OSError("the rows are away"), 2, 2, 3])
    seen: list[Card] = []
    state = 0

    async def look() -> Hashable:
        nonlocal state
        found = next(states, 3)
        if isinstance(found, OSError):
            raise found
        state = found
        return found

    async def build() -> Card:
        return told(str(state))

    async def publish(card: Card) -> None:
        seen.append(card)

    pages = Refreshing(look, every_s=0.01)
    await pages.open("Ann", build, publish)
    following = asyncio.create_task(pages.follow())
    try:
        async with asyncio.timeout(10):
            while True:
                if told("3") in seen:
                    break
                await asyncio.sleep(0.01)
    finally:
        following.cancel()
    assert seen == [told("0"), told("1"), told("2"), told("3")]


async def test_what_stands_for_good_is_shown_anew_until_it_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.open("board", stands=True)
    then = time.monotonic() + refreshing.BELIEVED_S + 1
    monkeypatch.setattr(refreshing.time, "monotonic", lambda: then)
    monkeypatch.setattr(refreshing, "MOST", 1)
    for who in ("Ann", "Ben"):
        await world.open(who)
    assert world.pages.stands("board")
    world.shown.clear()
    await world.changes()
    assert sorted(who for who, _ in world.shown) == ["Ben", "board"]
    world.pages.close("board")
    world.shown.clear()
    await world.changes()
    assert [who for who, _ in world.shown] == ["Ben"]


async def test_what_stands_for_good_and_cannot_be_shown_stands_no_more(world: World) -> None:
    await world.open("board", stands=True)
    world.fails.add("board")
    await world.changes()
    assert not world.pages.stands("board")


async def test_between_two_changes_lies_the_pace_and_none_is_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.open("board", stands=True, pace_s=20.0)
    await world.changes()
    assert len(world.shown) == 1
    then = time.monotonic() + 20.0
    monkeypatch.setattr(refreshing.time, "monotonic", lambda: then)
    await world.pages.refresh()
    assert world.shown == [("board", told("0")), ("board", told("1"))]
