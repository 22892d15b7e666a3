"""Killed at any moment: every mention is answered once or apologised for once, never twice, none forgotten."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat import texts
from db import replies
from db.models import Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.network import Network
from tests.fakes.networked_bot import PERSONAS, Wanted, answer_to, command, split

ENDED = ("done", "failed", "apologised", "deleted")
ROOT = Path(__file__).parents[2]


class Town:
    """A network with mentions, rows, and bots that come and are killed."""

    def __init__(self, network: Network, sessions: Sessions, wanted: Wanted, folder: Path, seed: int) -> None:
        self.network, self.sessions, self.wanted = network, sessions, wanted
        self.random = random.Random(seed)
        self.alive: list[asyncio.subprocess.Process] = []
        self._log = folder / "bots.log"
        self._born = 0

    def asks(self, count: int) -> None:
        for number in range(count):
            self.network.mention(f"m{number}", f"question {number}")

    async def bot(self, **changed: float) -> asyncio.subprocess.Process:
        """A new bot, connected to the network."""
        self._born += 1
        wanted = replace(self.wanted, name=f"bot {self._born}", **changed)
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(*command(wanted), cwd=ROOT, stdout=log, stderr=log)
        self.alive.append(process)
        async with asyncio.timeout(60):
            await self.network.connected(len(self.alive))
        return process

    async def some_moment(self) -> None:
        """In the middle of something: by the clock, or right behind a request that is never answered."""
        if self.random.random() < 0.5:
            await asyncio.sleep(self.random.uniform(0, 0.8))
        else:
            async with asyncio.timeout(60):
                await self.network.obeyed(self.random.randint(1, 80), answered=False)

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        process.kill()
        await process.wait()
        self.alive.remove(process)
        await self.network.connected(len(self.alive))

    async def replies(self) -> list[Reply]:
        async with reading(self.sessions) as session:
            return list(await session.scalars(select(Reply).order_by(Reply.id)))

    async def all_ended(self, within: float) -> list[Reply]:
        async with asyncio.timeout(within):
            while True:
                rows = await self.replies()
                taken = sorted(row.platform_message_id for row in rows) == sorted(self.network.mentions)
                if taken and all(row.status in ENDED for row in rows):
                    return rows
                await asyncio.sleep(0.1)

    def check(self, rows: list[Reply], *, apologies: bool = False) -> None:
        """What stands in the network for each mention: one chain of posts, whole, and as the row has it."""
        for row in rows:
            asked = self.network.mentions[row.platform_message_id]
            if row.status == "apologised" and apologies:
                whole = texts.TOO_LATE
            else:
                assert (row.status, row.text) == ("done", answer_to(asked)), row.finish
                whole = answer_to(asked)
            posts = self.network.standing(row.platform_message_id)
            names = [f"reply-{row.id}", *(f"reply-{row.id}-{place}" for place in range(2, len(posts) + 1))]
            assert [post.nonce for post in posts] == names, asked
            assert [post.text for post in posts] == split(whole), asked
            assert row.shown_ref == "\n".join(post.id for post in posts)
        assert b"Traceback" not in self._log.read_bytes(), self._log.read_text()[-4000:]


@pytest.fixture
def seed() -> int:
    return 1


@pytest.fixture
async def town(sessions: Sessions, rows_url: str, tmp_path: Path, seed: int, now: datetime) -> AsyncIterator[Town]:
    async with transaction(sessions) as session:
        for number in range(PERSONAS):
            await community.persona(session, now, name=f"echo{number}", base=f"base{number}")
    socket = tmp_path / "network"
    async with Network.at(socket, seed) as network:
        town = Town(network, sessions, Wanted(rows_url, str(socket), "", lease=1.0), tmp_path, seed)
        yield town
        for process in list(town.alive):
            process.send_signal(signal.SIGCONT)
            await town.kill(process)


async def killed_often(town: Town, kills: int) -> list[int]:
    """How many mentions were without an answer at each kill."""
    open_then: list[int] = []
    for _ in range(kills):
        bot = await town.bot()
        await town.some_moment()
        await town.kill(bot)
        ended = sum(row.finished_at is not None for row in await town.replies())
        open_then.append(len(town.network.mentions) - ended)
    return open_then


async def test_killed_three_times_twenty_mentions_are_answered_once(town: Town) -> None:
    town.asks(20)
    await killed_often(town, 3)
    await town.bot(word=0.0)
    town.check(await town.all_ended(60))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(5))
async def test_killed_at_fifty_random_points_two_hundred_mentions_are_answered_once(town: Town) -> None:
    town.asks(200)
    open_then = await killed_often(town, 10)  # times five seeds
    assert min(open_then) > 20, open_then  # nobody was killed idle
    await town.bot(word=0.002)
    rows = await town.all_ended(300)
    town.check(rows)
    assert max(row.attempt for row in rows) > 1
    assert town.network.finds > 0


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_waited_too_long_is_apologised_for_once_also_where_half_an_answer_stands(town: Town) -> None:
    town.asks(20)
    await killed_often(town, 2)
    for _ in range(2):
        bot = await town.bot(patience=0.0)
        await town.network.obeyed(15, answered=False)
        await town.kill(bot)
    await town.bot(patience=0.0)
    rows = await town.all_ended(60)
    town.check(rows, apologies=True)
    assert "apologised" in {row.status for row in rows}


async def test_the_second_bot_on_the_same_rows_takes_over_from_a_killed_one(town: Town) -> None:
    first, _ = await town.bot(), await town.bot()
    town.asks(30)
    await town.some_moment()
    await town.kill(first)
    town.check(await town.all_ended(60))


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)  # asleep, it could hold SQLite's only lock
async def test_a_bot_that_slept_past_its_lease_says_nothing_more(town: Town) -> None:
    sleeper = await town.bot()
    town.asks(20)
    await town.network.obeyed(60)
    os.kill(sleeper.pid, signal.SIGSTOP)
    await town.bot()
    await asyncio.sleep(2 * town.wanted.lease)  # the other has taken some over by now, and may be at them
    os.kill(sleeper.pid, signal.SIGCONT)
    town.check(await town.all_ended(60))


async def test_of_what_was_deleted_meanwhile_nothing_stands(town: Town) -> None:
    town.asks(20)
    await killed_often(town, 2)
    bot = await town.bot()
    await town.some_moment()
    for row in town.random.sample(await town.replies(), 8):  # answered, half answered, waiting
        async with transaction(town.sessions) as session:
            await replies.erase(session, await replies.numbered(session, row.id))
    await town.some_moment()
    await town.kill(bot)
    await town.bot(word=0.0)
    rows = await town.all_ended(60)
    deleted = [row for row in rows if row.status == "deleted"]
    assert len(deleted) == 8
    assert [town.network.standing(row.platform_message_id) for row in deleted] == [[]] * 8
    town.check([row for row in rows if row not in deleted])
