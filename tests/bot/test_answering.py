"""The queue's worker: rows that waited, died, failed or slept are answered, under one name and by one."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat import texts
from bot.chat.events import Thread, WorkspaceSeen
from bot.chat.platform import NotShown
from bot.chat.replying.answering import Answering
from bot.chat.replying.reply import Limits, Replier
from bot.engines import Engines
from bot.generation.engine import EngineUnavailable
from bot.live_adapters import LiveAdapters
from bot.platforms.console import Console
from db import replies
from db.models import Reply
from db.session import Sessions, reading
from tests.fakes.engine import ScriptedEngine, weightless
from tests.fakes.platform import RecordingPlatform, mention
from tests.fakes.workers import NOW, SHORT, Town, opened_town


@pytest.fixture
async def town(sqlite_sessions: Sessions, tmp_path: Path, now):
    async with opened_town(sqlite_sessions, tmp_path, now) as town:
        yield town


async def test_what_waited_while_nobody_was_there_is_answered_at_the_start(town: Town) -> None:
    first, second = await town.asked(mention(thread="t1")), await town.asked()
    await town.worker(ScriptedEngine())
    assert [(await town.ended(one)).status for one in (first, second)] == ["done", "done"]
    asked = await town.reply(first)
    assert Thread("slack", "T1", "C1", "t1", asked.platform_message_id, "Ann", "echo") in town.platform.places
    assert town.platform.found == []  # nobody was there before: nothing to look for


async def test_what_a_dead_process_had_in_hand_is_found_and_finished(town: Town) -> None:
    reply_id = await town.asked()
    await town.dies_while_answering(reply_id)
    town.platform.shown[f"reply-{reply_id}"] = "Hello from"
    await town.worker(ScriptedEngine())
    reply = await town.ended(reply_id)
    assert (reply.attempt, reply.shown_ref) == (2, f"shown:reply-{reply_id}")
    assert town.platform.shown == {f"reply-{reply_id}": "Hello from the mountain."}
    assert town.platform.found == [f"reply-{reply_id}"]


async def test_a_mention_older_than_our_patience_gets_an_apology_where_its_half_answer_stands(town: Town) -> None:
    fresh, late, half = [await town.asked() for _ in range(3)]
    for one in (late, half):
        await town.change(one, created_at=datetime.now(UTC) - timedelta(minutes=16))
    town.platform.shown[f"reply-{half}"] = "Hello from"
    await town.change(half, status="answering", attempt=1, lease_until=NOW - SHORT)
    engine = ScriptedEngine()
    await town.worker(engine)
    assert [(await town.ended(one)).status for one in (fresh, late, half)] == ["done", "apologised", "apologised"]
    assert [town.platform.shown[f"reply-{one}"] for one in (late, half)] == [texts.TOO_LATE] * 2
    assert len(engine.requests) == 1


async def test_a_mention_that_brought_us_down_too_often_gets_an_apology(town: Town) -> None:
    reply_id = await town.asked()
    await town.change(reply_id, status="answering", attempt=10, lease_until=NOW - SHORT)
    await town.worker(ScriptedEngine())
    assert (await town.ended(reply_id)).status == "apologised"


async def test_a_reply_whose_network_stays_away_is_given_up_when_it_is_old(town: Town) -> None:
    class Away(RecordingPlatform):
        async def show(self, to, draft):
            self.places.append(to)
            raise ConnectionError("the network is away")

    town.platform = Away()
    old, young = await town.asked(mention(thread="t1")), await town.asked(mention(thread="t2"))
    await town.change(old, created_at=datetime.now(UTC) - timedelta(minutes=16))
    await town.worker(ScriptedEngine(), limits=Limits(attempts=1, apologies=1))
    reply = await town.ended(old)
    assert (reply.status, reply.finish, reply.attempt) == ("failed", texts.NEVER_SHOWN, 3)
    await town.until(young, lambda reply: reply.attempt > 3)
    assert [to.thread for to in town.platform.places].count("t1") == 2


async def test_an_answer_that_breaks_off_is_replaced_by_the_reason(town: Town) -> None:
    reply_id = await town.asked()
    engine = ScriptedEngine(["one two three"], word_s=0.2)
    await town.worker(engine)
    await town.until(reply_id, lambda reply: reply.shown_ref is not None)
    await engine.aclose()
    reply = await town.ended(reply_id)
    why = "The engine was closed before this reply was finished."
    assert (reply.status, reply.finish, reply.text) == ("failed", why, None)
    assert town.platform.shown == {f"reply-{reply_id}": why}


async def test_a_network_that_fails_is_tried_again_when_the_lease_has_lapsed(town: Town) -> None:
    town.platform.fails = ConnectionError("the network is away")
    reply_id = await town.asked()
    await town.worker(ScriptedEngine())
    reply = await town.ended(reply_id)
    assert (reply.status, reply.attempt) == ("done", 2)


async def test_a_network_that_never_returns_is_tried_again(town: Town) -> None:
    class Deaf(RecordingPlatform):
        async def show(self, to, draft):
            if not self.places:
                self.places.append(to)
                await asyncio.Event().wait()
            return await super().show(to, draft)

    town.platform = Deaf()
    reply_id = await town.asked()
    await town.worker(ScriptedEngine(), limits=Limits(reply_seconds=0.2, network_seconds=0.2))
    assert (await town.ended(reply_id)).attempt == 2


async def test_what_can_never_be_shown_ends_quietly(town: Town) -> None:
    town.platform.fails = NotShown("The channel is gone.")
    reply_id = await town.asked()
    await town.worker(ScriptedEngine())
    reply = await town.ended(reply_id)
    assert (reply.status, reply.finish, town.platform.told) == ("failed", "The channel is gone.", [])


async def test_no_more_are_in_hand_than_there_is_room_for(town: Town) -> None:
    asked = [await town.asked() for _ in range(7)]
    engine = ScriptedEngine(word_s=0.02, max_waiting=2)  # one speaks and two wait: a fourth would hear it is busy
    await town.worker(engine, at_once=3)
    assert [(await town.ended(one)).status for one in asked] == ["done"] * 7


async def test_a_network_that_is_away_never_holds_all_hands(town: Town) -> None:
    class Away(RecordingPlatform):
        name = "discord"

        async def show(self, to, draft):
            self.places.append(to)
            await asyncio.Event().wait()

    away = Away()
    for _ in range(9):
        await town.asked(mention(workspace=WorkspaceSeen("discord", "G1", "Harbour")))
    await town.worker(ScriptedEngine(), away, town.platform, at_once=8, lease=timedelta(seconds=30))
    async with asyncio.timeout(10):
        while len(away.places) < 6:  # noqa: ASYNC110  # the worker tells nobody
            await asyncio.sleep(0.02)
    assert (await town.ended(await town.asked())).status == "done"
    assert len(away.places) == 6


async def test_a_long_answer_keeps_its_lease(town: Town) -> None:
    reply_id = await town.asked()
    await town.worker(ScriptedEngine(["one two three four five"], word_s=0.5), lease=5 * SHORT)
    await town.until(reply_id, lambda reply: reply.status == "answering")
    await town.worker(ScriptedEngine(["not me"]), lease=5 * SHORT)
    reply = await town.ended(reply_id)
    assert (reply.text, reply.attempt) == ("one two three four five", 1)


async def test_an_answer_that_was_taken_over_is_dropped(town: Town) -> None:
    reply_id = await town.asked()
    await town.worker(ScriptedEngine(["word " * 100], word_s=0.1))
    await town.until(reply_id, lambda reply: reply.shown_ref is not None)
    await town.change(reply_id, attempt=2, claimed_by="other", lease_until=datetime.now(UTC) + timedelta(hours=1))
    await asyncio.sleep(2 * SHORT.total_seconds())
    said = len(town.platform.pieces)
    await asyncio.sleep(2 * SHORT.total_seconds())
    assert len(town.platform.pieces) == said < 100
    assert (await town.reply(reply_id)).status == "answering"


async def test_rows_of_networks_that_are_not_here_wait_for_them(town: Town) -> None:
    reply_id = await town.asked()
    elsewhere = RecordingPlatform()
    elsewhere.name = "discord"
    answering = await town.worker(ScriptedEngine(), elsewhere)
    await asyncio.sleep(2 * SHORT.total_seconds())
    assert (await town.reply(reply_id)).status == "queued"
    with answering.serving(town.platform):
        assert (await town.ended(reply_id)).status == "done"


async def test_a_terminal_answers_its_own_sitting_and_ends_what_old_ones_left(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    old, other, mine = Console("echo"), Console("echo"), Console("echo")
    left, others, asked = [await town.asked(console.mention("hi")) for console in (old, other, mine)]
    await town.change(left, created_at=datetime.now(UTC) - timedelta(minutes=16))
    await town.worker(ScriptedEngine(), mine)
    answered = await town.ended(asked)
    assert (answered.status, answered.shown_ref) == ("done", None)  # nothing that could be taken back
    ended = await town.ended(left)
    assert (ended.status, ended.finish) == ("failed", "The terminal was closed before the answer came.")
    assert (await town.reply(others)).status == "queued"
    assert "Hello from the mountain.\n" in capsys.readouterr().out  # the log may come before or behind it


async def test_whoever_waits_for_an_answer_hears_why_there_is_none(town: Town) -> None:
    town.platform.fails = ConnectionError("the network is away")
    reply_id = await town.asked()
    answering = await town.worker(ScriptedEngine([EngineUnavailable("no")]))
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(answering.settled(reply_id), 5)
    await town.ended(reply_id)
    await asyncio.wait_for(answering.settled(reply_id), 5)


async def test_a_database_that_was_away_is_looked_at_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    claim, failures = replies.claim, iter([OSError("the database is away")] * 2)

    async def sometimes(*args):
        if failure := next(failures, None):
            raise failure
        return await claim(*args)

    monkeypatch.setattr(replies, "claim", sometimes)
    reply_id = await town.asked()
    await town.worker(ScriptedEngine())
    assert (await town.ended(reply_id)).status == "done"


async def test_every_row_is_there_after_the_worker_was_stopped_in_the_middle(town: Town) -> None:
    asked = [await town.asked() for _ in range(5)]
    engine = ScriptedEngine(word_s=0.05)
    live = LiveAdapters(town.sessions, Engines(weightless, lambda base: asyncio.sleep(0, engine)), Path())
    answering = Answering(town.sessions, Replier(town.sessions, live, Limits()), "x", at_once=8, lease=SHORT)
    async with answering.running():
        with answering.serving(town.platform):
            await town.until(asked[1], lambda reply: reply.shown_ref is not None)
    async with reading(town.sessions) as session:
        assert "answering" in set(await session.scalars(select(Reply.status)))
    await town.worker(ScriptedEngine())
    assert {(await town.ended(one)).status for one in asked} == {"done"}
    assert len(town.platform.shown) == 5
