"""The past of an opened channel is read once, whole, whatever comes between."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.collecting.backfill import BATCH, Backfill
from bot.chat.collecting.live import Collecting
from bot.chat.events import ChannelSeen, MemberSeen, Missed, WorkspaceSeen
from bot.chat.platform import OutOfReach, Page
from bot.chat.verbs import text
from db import members, workspaces
from db.backfills import Progress
from db.session import Sessions, transaction
from tests.fakes.past import OWNER, every_text, kept, open_channel, progress, read, texts
from tests.fakes.square import Square


async def test_the_past_is_read_page_by_page_with_threads_and_nothing_twice(opened: Sessions, square: Square) -> None:
    said = [square.says(f"word {number}") for number in range(23)]
    square.says("in a thread", author="Ben", thread=said[3].posted.id)
    await read(opened, square)
    assert await texts(opened) == [*(f"word {number}" for number in range(23)), "in a thread"]
    assert len(square.pages_read) == 5
    assert await progress(opened) == Progress(24, None, True, None)
    await read(opened, square)
    assert len(square.pages_read) == 5


async def test_bots_strangers_and_blocked_members_are_passed_over(opened_here: Sessions, square: Square, now) -> None:
    async with transaction(opened_here) as session:
        workspace = (await workspaces.every(session))[0]
        ben = (await members.ensure(session, workspace, [("Ben", "Ben")], now))["Ben"]
        await members.block(session, ben.id, "shell:me", "noise", now)
    for author in (MemberSeen("B1", "Bot", is_bot=True), "Ben", "Ann"):
        square.says("hello", author=author)
    square.says("secrets of another company", foreign=True)
    await read(opened_here, square)
    assert await kept(opened_here) == [("Ann", "hello", 1)]


async def test_so_many_days_are_read_and_no_more(opened_here: Sessions, square: Square) -> None:
    square.at = datetime.now(UTC) - timedelta(days=20)
    for number in range(40):
        square.says(f"word {number}", after=timedelta(hours=12))
    await read(opened_here, square, days=10)
    assert await texts(opened_here) == [f"word {number}" for number in range(20, 40)]
    assert len(square.pages_read) <= 5
    found = await progress(opened_here)
    assert found is not None
    assert found.done
    assert found.back_to is not None
    assert timedelta(days=9.9) < datetime.now(UTC) - found.back_to < timedelta(days=10.1)


async def test_with_no_days_nothing_of_the_past_is_read_and_what_is_missed_later_is(
    opened_here: Sessions, square: Square
) -> None:
    square.at = datetime.now(UTC) - timedelta(hours=1)
    square.says("before")
    await read(opened_here, square, days=0)
    assert square.pages_read == []
    square.at = datetime.now(UTC)
    square.says("after")
    await Collecting(opened_here).missed(Missed("slack"))
    await read(opened_here, square, days=0)
    assert await texts(opened_here) == ["after"]


async def test_nothing_is_read_before_people_there_were_told(opened_here: Sessions, square: Square, now) -> None:
    await open_channel(opened_here, now, noticed=None)
    square.says("hello")
    await read(opened_here, square)
    assert square.pages_read == []


async def test_a_page_longer_than_a_batch_is_kept_in_several_and_counted_once(
    opened_here: Sessions, square: Square
) -> None:
    square.size = 2 * BATCH + 7
    for number in range(square.size):
        square.says(f"word {number}", after=timedelta(seconds=1))
    await read(opened_here, square)
    assert await progress(opened_here) == Progress(square.size, None, True, None)


async def test_what_fails_is_tried_again_and_goes_on_where_it_stopped(opened_here: Sessions, square: Square) -> None:
    for number in range(12):
        square.says(f"word {number}")
    backfill = Backfill(opened_here, {"slack": square}, 365, first_wait_s=0.01)

    async def fails_on_the_second(name: str) -> None:
        if len(square.pages_read) in (2, 3):
            raise ConnectionError

    square.hook = fails_on_the_second
    async with asyncio.timeout(10):
        while (found := await progress(opened_here)) is None or not found.done:
            await backfill.look()
            await asyncio.sleep(0.02)
    assert len(await texts(opened_here)) == 12
    assert square.pages_read[1] == square.pages_read[2] == square.pages_read[3]


async def test_why_a_channel_cannot_be_read_is_told_until_it_can(opened_here: Sessions, square: Square) -> None:
    square.says("hello")
    backfill = Backfill(opened_here, {"slack": square}, 365, first_wait_s=0.0)
    square.fails = [OutOfReach("not in channel")]
    await asyncio.gather(*await backfill.look())
    assert await progress(opened_here) == Progress(0, None, False, "not in channel")
    await asyncio.gather(*await backfill.look())
    assert await progress(opened_here) == Progress(1, None, True, None)


async def test_what_cannot_be_read_waits(opened_here: Sessions, square: Square) -> None:
    backfill = Backfill(opened_here, {"slack": square}, 365)
    square.fails = [OutOfReach("archived")]
    await asyncio.gather(*await backfill.look())
    assert await backfill.look() == []


async def test_one_channel_that_hangs_keeps_no_other_waiting(
    opened_here: Sessions, square: Square, now, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await open_channel(opened_here, now, "C2")
    square.says("hello", "C1")
    square.says("hello there", "C2")

    history = square.history

    async def hangs(workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        if channel.id == "C1":
            await asyncio.Event().wait()
        return await history(workspace, channel, before)

    monkeypatch.setattr(square, "history", hangs)
    running = asyncio.create_task(Backfill(opened_here, {"slack": square}, 365).run())
    async with asyncio.timeout(10):
        while (found := await progress(opened_here, other)) is None or not found.done:  # noqa: ASYNC110  # a row
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await texts(opened_here) == ["hello there"]


async def test_closing_stops_the_reading_and_opening_again_reads_anew(opened: Sessions, square: Square) -> None:
    for number in range(15):
        square.says(f"word {number}")

    async def closed_meanwhile(name: str) -> None:
        if len(square.pages_read) == 2:
            await text.close(opened, OWNER, 1)

    square.hook = closed_meanwhile
    await read(opened, square)
    assert len(await texts(opened)) == 5
    assert await progress(opened) is None
    square.hook = None
    await text.approve(opened, OWNER, 1, False)
    square.says("while it was closed")
    await read(opened, square)
    assert len(await texts(opened)) == 16
    assert await progress(opened) == Progress(11, None, True, None)


async def test_a_message_deleted_while_its_page_is_on_the_way_stays_deleted(opened: Sessions, square: Square) -> None:
    said = [square.says(f"word {number}") for number in range(8)]

    async def deleted_meanwhile(name: str) -> None:
        if len(square.pages_read) == 2:
            await Collecting(opened).erased(square.deletes(said[1]))

    square.hook = deleted_meanwhile
    await read(opened, square)
    assert "word 1" not in await every_text(opened)
    assert len(await texts(opened)) == 7


async def test_a_message_edited_while_its_page_is_on_the_way_stays_edited(opened: Sessions, square: Square) -> None:
    said = [square.says(f"word {number}") for number in range(3)]

    async def edited_meanwhile(name: str) -> None:
        await Collecting(opened).written(square.edits(said[1], "another word"))

    square.hook = edited_meanwhile
    await read(opened, square)
    assert await texts(opened) == ["word 0", "another word", "word 2"]
