"""The control message across deaths, refusals and networks that are away: it stands once, or not at all."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.chat import control
from bot.chat.platform import NotShown, OutOfReach
from bot.chat.verbs import moderation
from bot.chat.verbs.authority import Actor
from tests.fakes.cards import rendered
from tests.fakes.counter import Counter
from tests.fakes.square import Square
from tests.fakes.watching import lease_ended, posts, rows, watching

OWNER = Actor("shell:me", "owner")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PACE_S", 0.0)


async def test_posted_by_whoever_died_before_keeping_it_it_is_found(counter: Counter, square: Square) -> None:
    async def dies_after_posting(name: str) -> None:
        if name == "write":
            raise asyncio.CancelledError

    await counter.reads("Ada", "control")
    square.hook = dies_after_posting
    await watching(counter, square).looks()
    square.hook = None
    await watching(counter, square).looks(2)
    assert (await rows(counter))[0].ref is None  # whoever posts it may be alive
    await lease_ended(counter)
    await watching(counter, square).looks(2)
    assert [(await rows(counter))[0].ref] == [post.ref for post in posts(square)]


async def test_taken_away_while_it_is_posted_it_goes_too(sqlite_counter: Counter, square: Square) -> None:
    async def takes_away(name: str) -> None:
        if name == "before write":
            await sqlite_counter.reads("Ada", "control remove=yes")

    await sqlite_counter.reads("Ada", "control")
    square.hook = takes_away
    process = watching(sqlite_counter, square)
    await process.looks()
    square.hook = None
    await process.looks()
    assert (posts(square), await rows(sqlite_counter)) == ([], [])


async def test_taken_away_while_it_is_shown_anew_it_goes_and_is_not_shown_again(
    sqlite_counter: Counter, square: Square
) -> None:
    await sqlite_counter.reads("Ada", "control")
    process = watching(sqlite_counter, square)
    await process.begins()

    async def takes_away(name: str) -> None:
        if name == "rewrite":
            square.hook = None
            await sqlite_counter.reads("Ada", "control remove=yes")
            await process.looked()

    square.hook = takes_away
    [row] = await rows(sqlite_counter)
    await process.begins()
    assert not process.pages.stands(("control", row.id))
    await process.looks()
    assert (posts(square), await rows(sqlite_counter)) == ([], [])


async def test_posted_by_whoever_died_and_wanted_no_more_it_goes(sqlite_counter: Counter, square: Square) -> None:
    async def dies_after_posting(name: str) -> None:
        if name == "write":
            raise asyncio.CancelledError

    await sqlite_counter.reads("Ada", "control")
    square.hook = dies_after_posting
    await watching(sqlite_counter, square).looks()
    square.hook = None
    await sqlite_counter.reads("Ada", "control remove=yes")
    await watching(sqlite_counter, square).looks()
    assert len(posts(square)) == 1
    await lease_ended(sqlite_counter)
    await watching(sqlite_counter, square).looks()
    assert (posts(square), await rows(sqlite_counter)) == ([], [])


async def test_two_bots_on_the_same_rows_post_one(counter: Counter, square: Square) -> None:
    async def slowly(name: str) -> None:
        await asyncio.sleep(0.02)

    await counter.reads("Ada", "control")
    square.hook = slowly
    await asyncio.gather(*(watching(counter, square).looks() for _ in range(3)))
    assert len(posts(square)) == 1


async def test_two_admins_who_place_it_at_the_same_moment_place_one(counter: Counter) -> None:
    await asyncio.gather(*(counter.reads(who, "control") for who in ("Ada", "Ann", "Ada", "Ann")))
    assert sum(one.taken_back_at is None for one in await rows(counter)) == 1


async def test_deleted_by_hand_it_is_wanted_no_more(sqlite_counter: Counter, square: Square) -> None:
    process = watching(sqlite_counter, square)
    await sqlite_counter.reads("Ada", "control")
    await process.looks(2)
    square.posts.clear()
    await moderation.pause(sqlite_counter.sessions, OWNER)
    await process.looks(3)
    assert (square.posts, await rows(sqlite_counter)) == ({}, [])


@pytest.mark.parametrize("trouble", ["no such channel", "not in channel"])
async def test_it_ends_with_its_channel(sqlite_counter: Counter, square: Square, trouble) -> None:
    process = watching(sqlite_counter, square)
    await sqlite_counter.reads("Ada", "control")
    await process.looks(2)
    square.fails = [OutOfReach(trouble)]
    await moderation.pause(sqlite_counter.sessions, OWNER)
    with capture_logs() as logged:
        await process.looks(3)
    assert await rows(sqlite_counter) == []
    assert {one["log_level"] for one in logged} == {"info"}
    assert square.letters == {}


async def test_where_it_may_not_be_posted_whoever_placed_it_is_told(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    square.fails = [NotShown("Nobody may write there.")]
    await watching(sqlite_counter, square).looks()
    [letter] = square.letters["Ada"]
    assert rendered(letter) == "The control message cannot stand in #general: Nobody may write there."
    assert await rows(sqlite_counter) == []


@pytest.mark.parametrize("failure", [ConnectionError(), OutOfReach("archived")])
async def test_what_fails_for_a_while_is_tried_again(sqlite_counter: Counter, square: Square, failure) -> None:
    process = watching(sqlite_counter, square)
    await sqlite_counter.reads("Ada", "control")
    await process.looks(2)
    square.fails = [failure, failure]
    await moderation.pause(sqlite_counter.sessions, OWNER)
    await process.looks(4)
    [post] = posts(square)
    assert "Paused" in rendered(post.card)
    assert (await rows(sqlite_counter))[0].ref == post.ref


async def test_a_network_that_fails_is_not_called_again_at_once(sqlite_counter: Counter, square: Square) -> None:
    process = watching(sqlite_counter, square, first_wait_s=100.0)
    await sqlite_counter.reads("Ada", "control")
    square.fails = [ConnectionError()]
    await process.looks(3)
    assert len(posts(square)) == 1  # by the one call that came through before it failed


async def test_a_network_that_is_away_is_not_called(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    square.here = False
    process = watching(sqlite_counter, square)
    await process.looks(2)
    assert square.posts == {}
    square.here = True
    await process.looks()
    assert len(posts(square)) == 1


async def test_after_a_restart_it_goes_on_in_the_same_post(sqlite_counter: Counter, square: Square) -> None:
    await sqlite_counter.reads("Ada", "control")
    await watching(sqlite_counter, square).looks(2)
    await moderation.pause(sqlite_counter.sessions, OWNER)
    await watching(sqlite_counter, square).looks(2)
    [post] = posts(square)
    assert "Paused" in rendered(post.card)
