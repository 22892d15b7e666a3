"""A reply that is deleted while someone waits for it: it falls silent, and nobody waits on."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from db import replies
from db.session import Sessions, transaction
from tests.fakes.engine import ScriptedEngine
from tests.fakes.platform import mention
from tests.fakes.workers import Town, opened_town

LONG = timedelta(seconds=60)  # renewing it shows nothing within a test


@pytest.fixture
async def town(sqlite_sessions: Sessions, tmp_path: Path, now):
    async with opened_town(sqlite_sessions, tmp_path, now) as town:
        yield town


async def delete(town: Town, reply_id: int) -> None:
    async with transaction(town.sessions) as session:
        await replies.erase(session, await replies.numbered(session, reply_id))


async def test_a_reply_deleted_while_it_is_spoken_falls_silent_and_is_no_error(town: Town) -> None:
    answering = await town.worker(ScriptedEngine(["word " * 200], word_s=0.1), lease=LONG)
    reply_id = await town.asked()
    answering.wake()
    waiting = asyncio.create_task(answering.settled(reply_id))
    await town.until(reply_id, lambda reply: reply.shown_ref is not None)
    await delete(town, reply_id)
    await asyncio.wait_for(waiting, 10)
    await asyncio.sleep(1.5)
    said = len(town.platform.pieces)
    await asyncio.sleep(0.5)
    assert len(town.platform.pieces) == said < 200
    assert (await town.reply(reply_id)).text is None


async def test_nobody_waits_for_a_question_that_was_deleted_in_the_queue(town: Town) -> None:
    answering = await town.worker(ScriptedEngine(word_s=0.5), at_once=1, lease=LONG)
    spoken, queued = await town.asked(mention(thread="t1")), await town.asked(mention(thread="t2"))
    answering.wake()
    await town.until(spoken, lambda reply: reply.status == "answering")
    waiting = asyncio.create_task(answering.settled(queued))
    await asyncio.sleep(0)
    await delete(town, queued)
    await asyncio.wait_for(waiting, 10)
    assert (await town.reply(queued)).status == "deleted"
    assert (await town.ended(spoken)).status == "done"
