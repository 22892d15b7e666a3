"""The past of a channel is read whole and once, also by two bots, cut off or killed at any moment."""

import asyncio
import random
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, select

from bot.chat.collecting.backfill import Backfill
from db import backfills
from db.backfills import Progress
from db.models import BackfillCursor, Message
from db.session import Sessions, reading
from tests.fakes import reading_bot
from tests.fakes.past import progress, read, texts
from tests.fakes.square import Square

ROOT = Path(__file__).parents[2]


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
