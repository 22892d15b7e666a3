"""An answer stands in Slack once, also after calls without an answer and after a crash."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from db.models import Reply
from db.session import Sessions, transaction
from tests.fakes.in_slack import SLOW, in_slack, place_of, streaming
from tests.fakes.slack import Channel, FakeSlack, Person

LEASE = timedelta(seconds=0.9)


@pytest.mark.parametrize("method", ["chat.startStream", "chat.stopStream", "chat.appendStream"])
@pytest.mark.parametrize("fault", [{"drop_connection": True}, {"status": 500}], ids=["lost", "500"])
async def test_an_answer_whose_call_was_carried_out_but_not_confirmed_stands_once(
    sqlite_sessions: Sessions,
    tmp_path: Path,
    slack: FakeSlack,
    ann: Person,
    general: Channel,
    method: str,
    fault: dict,
) -> None:
    slack.fault(method, after=True, **fault)
    async with in_slack(sqlite_sessions, tmp_path, slack, otherwise=SLOW, word_s=0.25, lease=LEASE) as bot:
        await ann.mention(general, "count")
        (reply,) = await bot.done(seconds=20)
        assert (reply.status, reply.attempt) == ("done", 2)
        (shown,) = slack.bot_posts(general)
        assert reply.shown_ref == shown.ts
        assert SLOW in slack.rendered(shown)
        assert slack.rendered(shown).count("AI · echo") == 1
        assert not slack.streaming(shown)


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_post_whose_call_was_carried_out_but_not_confirmed_stands_once(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel, method: str
) -> None:
    slack.fault("chat.startStream", error="unknown_method")
    slack.fault(method, after=True, drop_connection=True)
    async with in_slack(sqlite_sessions, tmp_path, slack, otherwise=SLOW, word_s=0.25, lease=LEASE) as bot:
        await ann.mention(general, "count")
        (reply,) = await bot.done(seconds=20)
        (shown,) = slack.bot_posts(general)
        assert (reply.status, reply.attempt, reply.shown_ref) == ("done", 2, shown.ts)
        assert SLOW in slack.rendered(shown)


async def test_streams_that_a_crash_left_open_are_finished_each_by_one_reply(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    """Two questions of one thread, whose streams were asked for when the bot died: nothing told whose they are."""
    slack.fault("chat.startStream", times=2, after=True, drop_connection=True)
    async with in_slack(sqlite_sessions, tmp_path, slack, otherwise=SLOW, lease=timedelta(seconds=60)):
        first = await ann.mention(general, "one")
        await ann.mention(general, "two", thread=first)
        await slack.until(lambda: len(slack.bot_posts(general)) == 2, seconds=20)
        await asyncio.sleep(0.2)
    await _lapse(sqlite_sessions)
    async with in_slack(sqlite_sessions, tmp_path, slack, otherwise=SLOW) as bot:
        await ann.mention(general, "three", thread=first)
        found = await bot.done(3)
        shown = slack.bot_posts(general)
        assert sorted(one.shown_ref for one in found) == sorted(one.ts for one in shown)
        assert len(shown) == 3
        assert all(SLOW in slack.rendered(one) for one in shown)


async def _lapse(sessions: Sessions) -> None:
    async with transaction(sessions) as session:
        await session.execute(update(Reply).values(lease_until=datetime.now(UTC)))


async def test_a_stream_in_hand_is_taken_by_no_other_reply(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, SLOW, "short", word_s=0.3) as bot:
        first = await ann.mention(general, "one")
        growing = await streaming(slack, general)
        to = (await bot.replies())[0]
        place = place_of(slack, general, first, to.platform_message_id)
        assert await bot.platform.find(place, "reply-99") is None
        assert await bot.platform.find(place, "reply-99", {growing.ts}) is None
        await bot.done()
