"""The past of an opened channel is read once, whole, whatever comes between; what was missed is read again."""

import asyncio
import random
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from bot.chat.collecting.backfill import BATCH, FIRST_PAUSE_S, Backfill
from bot.chat.collecting.live import Collecting
from bot.chat.events import ChannelSeen, MemberSeen, Missed, WorkspaceSeen
from bot.chat.platform import OutOfReach, Page
from bot.chat.verbs import text
from bot.chat.verbs.authority import Actor
from db import backfills, channels, members, workspaces
from db.backfills import Progress
from db.models import BackfillCursor, Message
from db.session import Sessions, reading, transaction
from tests.bot.test_collecting import every_text, kept
from tests.fakes import reading_bot
from tests.fakes.square import Square

ROOT = Path(__file__).parents[2]
OWNER = Actor("shell:me", "owner")


@pytest.fixture
def square() -> Square:
    return Square()


async def open_channel(sessions: Sessions, now: datetime, platform_id: str = "C1", **changed: Any) -> int:
    async with transaction(sessions) as session:
        workspace = await workspaces.ensure(session, "slack", "T1", "Harbour", now)
        channel = await channels.ensure(session, workspace, platform_id, "general", now)
        for name, value in {"state": "context", "noticed": "context", **changed}.items():
            setattr(channel, name, value)
        return channel.id


@pytest.fixture
async def opened(sessions: Sessions, now) -> Sessions:
    await open_channel(sessions, now)
    return sessions


@pytest.fixture
async def opened_here(sqlite_sessions: Sessions, now) -> Sessions:
    await open_channel(sqlite_sessions, now)
    return sqlite_sessions


async def read(sessions: Sessions, square: Square, days: int = 365) -> None:
    """A bot comes, reads all there is, and goes."""
    backfill = Backfill(sessions, {"slack": square}, days)
    while tasks := await backfill.look():
        await asyncio.gather(*tasks)


async def progress(sessions: Sessions, number: int = 1) -> Progress | None:
    async with reading(sessions) as session:
        return (await backfills.progress(session)).get(number)


async def texts(sessions: Sessions) -> list[str]:
    return [text for _, text, _ in await kept(sessions)]


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
    backfill = Backfill(opened_here, {"slack": square}, 365, first_pause_s=0.01)

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
    backfill = Backfill(opened_here, {"slack": square}, 365, first_pause_s=0.0)
    square.fails = [OutOfReach("not in channel")]
    await asyncio.gather(*await backfill.look())
    assert await progress(opened_here) == Progress(0, None, False, "not in channel")
    await asyncio.gather(*await backfill.look())
    assert await progress(opened_here) == Progress(1, None, True, None)


async def test_a_pause_between_two_tries_grows(opened_here: Sessions, square: Square) -> None:
    backfill = Backfill(opened_here, {"slack": square}, 365)
    square.fails = [OutOfReach("archived")]
    await asyncio.gather(*await backfill.look())
    assert await backfill.look() == []
    _, first = backfill._pauses[1]
    backfill._pause(1)
    assert (first, backfill._pauses[1][1]) == (FIRST_PAUSE_S, 2 * FIRST_PAUSE_S)


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


async def test_what_happened_while_the_bot_was_away_is_caught_up_with(opened: Sessions, square: Square) -> None:
    collecting = Collecting(opened)
    await read(opened, square)
    said = [square.says(f"word {number}") for number in range(30)]
    for one in said:
        await collecting.written(one)
    reply = square.says("in a thread", thread=said[26].posted.id)
    await collecting.written(reply)
    square.edits(said[20], "an edited word")
    square.deletes(said[25])
    square.deletes(reply)
    square.says("another in the thread", thread=said[26].posted.id)
    for number in range(7):
        square.says(f"new {number}")
    await collecting.missed(Missed("slack"))
    await collecting.written(square.says("heard again"))
    await read(opened, square)
    expected = [f"word {n}" if n != 20 else "an edited word" for n in range(30) if n != 25]
    assert await texts(opened) == [
        *expected,
        "another in the thread",
        *(f"new {number}" for number in range(7)),
        "heard again",
    ]
    assert not {"word 25", "in a thread"} & set(await every_text(opened))


async def test_catching_up_reads_two_days_before_the_last_message_and_no_further(
    opened_here: Sessions, square: Square
) -> None:
    said = [square.says(f"word {number}", after=timedelta(hours=2)) for number in range(100)]
    await read(opened_here, square)
    before = len(square.pages_read)
    square.edits(said[-10], "lately")
    square.edits(said[10], "long ago")
    await Collecting(opened_here).missed(Missed("slack"))
    await read(opened_here, square)
    assert len(square.pages_read) - before == 5  # of 5 messages each: two days and what is on their last page
    assert "lately" in await texts(opened_here)
    assert "long ago" not in await texts(opened_here)


async def test_what_is_missed_while_catching_up_is_caught_up_with_too(opened_here: Sessions, square: Square) -> None:
    square.says("first")
    await read(opened_here, square)
    square.says("second")
    collecting, again = Collecting(opened_here), []
    await collecting.missed(Missed("slack"))

    async def away_again(name: str) -> None:
        if not again:
            again.append(square.says("third"))
            await collecting.missed(Missed("slack"))

    square.hook = away_again
    await read(opened_here, square)
    assert await texts(opened_here) == ["first", "second", "third"]


async def test_catching_up_that_is_cut_off_begins_again(opened_here: Sessions, square: Square) -> None:
    square.says("first")
    await read(opened_here, square)
    for number in range(12):
        square.says(f"word {number}")
    collecting = Collecting(opened_here)
    await collecting.missed(Missed("slack"))
    await collecting.written(square.says("heard"))  # newer than the gap
    square.fails = [ConnectionError()]
    await read(opened_here, square)
    await collecting.missed(Missed("slack"))
    await read(opened_here, square)
    assert len(await texts(opened_here)) == 14


async def test_text_of_a_file_is_not_erased_because_the_network_shows_it_no_more(
    opened_here: Sessions, square: Square, now
) -> None:
    said = [square.says(f"word {number}") for number in range(4)]
    await read(opened_here, square)
    async with transaction(opened_here) as session:
        rows = list(await session.scalars(select(Message).order_by(Message.at)))
        rows[0].provenance = "slack_export"
    square.deletes(said[0])
    square.deletes(said[2])
    await Collecting(opened_here).missed(Missed("slack"))
    await read(opened_here, square)
    assert await texts(opened_here) == ["word 0", "word 1", "word 3"]


async def test_a_message_heard_of_while_a_page_is_read_is_not_taken_for_deleted(
    opened_here: Sessions, square: Square
) -> None:
    square.says("first")
    await read(opened_here, square)
    square.at = datetime.now(UTC) - timedelta(minutes=10)

    async def written_meanwhile(name: str) -> None:
        if len(square.pages_read) == 2:
            await Collecting(opened_here).written(square.says("just now"))

    square.hook = written_meanwhile
    await Collecting(opened_here).missed(Missed("slack"))
    await read(opened_here, square)
    assert await texts(opened_here) == ["first", "just now"]


async def test_two_bots_reading_the_same_channel_count_each_message_once(opened: Sessions, square: Square) -> None:
    for number in range(40):
        square.says(f"word {number}")

    async def slowly(name: str) -> None:
        await asyncio.sleep(0.005)

    square.hook = slowly
    await asyncio.gather(read(opened, square), read(opened, square))
    await read(opened, square)
    assert len(await texts(opened)) == 40
    assert await progress(opened) == Progress(40, None, True, None)


class Cuts:
    """Cancels a task at its nth statement to the database."""

    def __init__(self, sessions: Sessions) -> None:
        self._left = 0
        self._task: asyncio.Task[None] | None = None
        event.listen(sessions.kw["bind"].sync_engine, "before_cursor_execute", self._counted)

    async def run(self, reading_it: Coroutine[Any, Any, None], statements: int) -> bool:
        """Whether it was cut off before its end."""
        self._left, self._task = statements, asyncio.create_task(reading_it)
        [ended] = await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        return isinstance(ended, asyncio.CancelledError)

    def _counted(self, *given: object) -> None:
        self._left -= 1
        if self._left == 0 and self._task is not None:
            self._task.cancel()


async def read_here(sessions: Sessions, square: Square) -> None:
    """As `read`, without tasks of its own, so that cutting it off cuts off the reading."""
    backfill = Backfill(sessions, {"slack": square}, 365)
    async with reading(sessions) as session:
        unread = await backfills.unread(session, ["slack"])
    for one in unread:
        await backfill.read(one)


async def test_cut_off_at_any_statement_the_past_is_read_whole_and_once(opened: Sessions, square: Square) -> None:
    square.size = 4
    for number in range(40):
        square.says(f"word {number}")
    cuts, cut = Cuts(opened), 0
    dice = random.Random(3)
    while (found := await progress(opened)) is None or not found.done:
        cut += await cuts.run(read_here(opened, square), dice.randint(1, 30))
        assert cut < 200
    assert cut > 5
    assert await texts(opened) == [f"word {number}" for number in range(40)]
    async with reading(opened) as session:
        assert await session.scalar(select(func.count()).select_from(Message)) == 40
        assert await session.scalar(select(BackfillCursor.messages)) == 40


async def test_killed_in_the_middle_the_past_is_read_whole_and_once(opened: Sessions, rows_url: str) -> None:
    dice, killed_at = random.Random(5), []
    for _ in range(3):
        bot = await asyncio.create_subprocess_exec(*reading_bot.command(rows_url), cwd=ROOT)
        wanted = (killed_at[-1] if killed_at else 0) + dice.randint(20, 120)
        while bot.returncode is None and ((found := await progress(opened)) is None or found.messages < wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert bot.returncode is None
        bot.kill()
        await bot.wait()
        found = await progress(opened)
        assert found is not None
        assert not found.done
        killed_at.append(found.messages)
    bot = await asyncio.create_subprocess_exec(*reading_bot.command(rows_url), cwd=ROOT)
    assert await bot.wait() == 0
    past = reading_bot.square().messages["C1"].values()
    assert sorted(await texts(opened)) == sorted(one.posted.text for one in past)
    assert await progress(opened) == Progress(len(past), None, True, None)
