"""What is deleted in Slack while it is answered, and answers that are taken away again."""

import asyncio
from pathlib import Path

import pytest

from db.session import Sessions
from tests.fakes.in_slack import SLOW, in_slack, place_of, streaming
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_an_answer_that_a_member_deleted_while_it_grew_is_not_posted_again(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, SLOW, word_s=0.3) as bot:
        await ann.mention(general, "count")
        shown = await streaming(slack, general)
        slack.remove(general, shown)
        (reply,) = await bot.done()
        assert reply.status == "done"
        assert slack.bot_posts(general) == []


async def test_a_question_deleted_while_it_is_answered_is_answered_nowhere(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, before_s=0.5) as bot:
        asked = await ann.mention(general, "hello")
        await slack.until(lambda: bot.engine.requests)
        await ann.delete(asked)
        (reply,) = await bot.done()
        assert (reply.status, reply.asked) == ("deleting", "")
        await asyncio.sleep(1)
        assert slack.bot_posts(general) == []


async def test_a_question_deleted_unheard_while_it_is_answered_leaves_nothing(
    sqlite_sessions: Sessions,
    tmp_path: Path,
    slack: FakeSlack,
    ann: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unheard(*_: object) -> None: ...

    monkeypatch.setattr("bot.chat.collecting.live.Collecting.erased", unheard)
    async with in_slack(sqlite_sessions, tmp_path, slack, before_s=0.5) as bot:
        asked = await ann.mention(general, "hello")
        await slack.until(lambda: bot.engine.requests)
        await ann.delete(asked)
        (reply,) = await bot.done()
        assert (reply.status, reply.asked, reply.text) == ("deleting", "", None), "of what was asked nothing is kept"
        assert slack.bot_posts(general) == [], "nothing stands in the open channel"
        slack.fault("chat.startStream", error="unknown_method")
        another = await ann.mention(general, "hello again")
        await slack.until(lambda: len(bot.engine.requests) == 2)
        await ann.delete(another)
        assert (await bot.done(2))[1].asked == ""
        assert slack.bot_posts(general) == []


async def test_a_reply_in_a_long_thread_is_found_also_when_its_root_was_deleted(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        slack.page_at_most = 7
        root = await ann.post(general, "the root")
        for number in range(30):
            await ann.post(general, f"word {number}", thread=root)
        asked = await ann.mention(general, "hello", thread=root)
        await bot.done()
        for number in range(30):
            await ann.post(general, f"more {number}", thread=root)
        await ann.delete(root)
        (shown,) = slack.bot_posts(general)
        place = place_of(slack, general, root, asked.ts)
        assert await bot.platform.find(place, "reply-1") == shown.ts
        await bot.platform.remove(place, shown.ts)
        await bot.platform.remove(place, shown.ts)
        assert slack.bot_posts(general) == []


async def test_a_stream_that_is_deleted_is_stopped_first(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        asked = await ann.post(general, "hello")
        made = await bot.platform._client.chat_startStream(
            channel=general.id, thread_ts=asked.ts, recipient_team_id=slack.team, recipient_user_id=ann.id
        )
        await bot.platform.remove(place_of(slack, general, asked, asked.ts), made["ts"])
        assert slack.bot_posts(general) == []
