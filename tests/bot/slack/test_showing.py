"""How answers come to show in Slack: streamed, edited, posted, and taken up after a crash."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.chat import texts
from bot.chat.events import Thread
from bot.platforms.slack.saying import LIMIT
from db.models import Reply
from db.session import Sessions, transaction
from tests.fakes.in_slack import in_slack
from tests.fakes.slack import Channel, FakeSlack, Message, Person

LEASE = timedelta(seconds=0.9)
SLOW = "one two three four five six seven eight"


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        yield running


@pytest.fixture
def ann(slack: FakeSlack) -> Person:
    return slack.person("Ann")


@pytest.fixture
def general(slack: FakeSlack, ann: Person) -> Channel:
    return slack.channel("general", ann)


async def streaming(slack: FakeSlack, channel: Channel) -> Message:
    return await slack.until(lambda: next((one for one in slack.bot_posts(channel) if one.stream), None))


async def test_an_answer_is_streamed_under_a_status_that_goes(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, SLOW, word_s=0.3, before_s=0.3) as bot:
        asked = await ann.mention(general, "count")
        status = await slack.until(lambda: slack.world.statuses.get((general.id, asked.ts)))
        assert (status.text, len(status.loading_messages)) == ("is thinking…", 3)
        await bot.done()
        (shown,) = slack.bot_posts(general)
        assert slack.called("chat.startStream")
        assert slack.called("chat.appendStream")
        assert not slack.called("chat.update")
        assert shown.stream is not None
        assert shown.stream.stopped
        assert shown.text == SLOW
        assert len(shown.versions) > 2, "it grew before everybody's eyes"
        assert shown.metadata == {"event_type": "yamabiko_reply", "event_payload": {"nonce": "reply-1"}}
        assert "AI · echo" in slack.rendered(shown)
        assert not slack.world.statuses


async def test_japanese_members_read_japanese_while_they_wait(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    yu = slack.person("Yu", locale="ja-JP")
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        await yu.dm("こんにちは")
        await bot.done()
    assert slack.world.statuses_set, "a status was set in whatever language the catalogue knows"


async def test_where_slack_has_no_stream_a_post_grows_by_editing(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    slack.fault("chat.startStream", error="method_not_supported_for_channel_type")
    async with in_slack(sqlite_sessions, tmp_path, slack, SLOW, word_s=0.3) as bot:
        await ann.mention(general, "count")
        await bot.done()
        (shown,) = slack.bot_posts(general)
        assert len(shown.versions) > 2
        assert SLOW in slack.rendered(shown)
        assert "AI · echo" in slack.rendered(shown)
        await ann.mention(general, "again")
        await bot.done(2)
    assert len(slack.called("chat.startStream")) == 1, "it is not asked for again and again"


async def test_with_more_than_five_on_their_way_each_is_posted_once_when_it_is_whole(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, before_s=0.3) as bot:
        for number in range(12):
            await ann.mention(general, f"question {number}")
        await bot.done(12)
        found = slack.bot_posts(general)
        assert len(found) == 12
        posted = [one for one in found if len(one.versions) == 1 and one.stream is None]
        assert len(posted) >= 6
        assert all("AI · echo" in slack.rendered(one) for one in found)
    assert slack.limits.refused == 0, "Slack had to say no to nothing"


async def test_a_long_answer_becomes_several_posts_with_the_mark_under_the_last(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    long = "\n\n".join(f"Paragraph {number}: " + "words and more words. " * 40 for number in range(12))
    code = "```python\n" + "\n".join(f"print({number})" for number in range(400)) + "\n```"
    async with in_slack(sqlite_sessions, tmp_path, slack, f"{long}\n\n{code}") as bot:
        await ann.mention(general, "tell me a lot")
        (reply,) = await bot.done()
        found = slack.bot_posts(general)
        assert len(found) >= 4
        assert reply.shown_ref == "\n".join(one.ts for one in found)
        assert ["AI · echo" in slack.rendered(one) for one in found] == [False] * (len(found) - 1) + [True]
        for one in found:
            text = (
                one.text if one.stream else next(block["text"] for block in one.blocks if block["type"] == "markdown")
            )
            assert len(text) <= LIMIT
            assert text.count("```") % 2 == 0, "no block of code is left open"


async def test_a_stream_that_slack_ended_goes_on_by_editing_the_same_post(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, SLOW, word_s=0.35) as bot:
        await ann.mention(general, "count")
        await streaming(slack, general)
        slack.clock.advance(400)
        await bot.done()
        (shown,) = slack.bot_posts(general)
        assert SLOW in slack.rendered(shown)
        assert "AI · echo" in slack.rendered(shown)
        assert any(call.error == "message_not_in_streaming_state" for call in slack.calls)


async def test_a_reader_who_presses_stop_has_read_enough(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, SLOW * 5, word_s=0.3) as bot:
        await ann.mention(general, "count")
        shown = await streaming(slack, general)
        await ann.stop_stream(shown)
        (reply,) = await bot.done()
        assert (reply.status, reply.finish) == ("done", "stopped")
        assert len(slack.bot_posts(general)) == 1
        assert reply.text is not None
        assert len(reply.text) < len(SLOW * 5)
        assert "one" in slack.rendered(shown)
        assert "AI · echo" in slack.rendered(shown)


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
        place = _place(slack, general, first, to.platform_message_id)
        assert await bot.platform.find(place, "reply-99") is None
        assert await bot.platform.find(place, "reply-99", {growing.ts}) is None
        await bot.done()


def _place(slack: FakeSlack, channel: Channel, thread: Message, message: str):
    return Thread("slack", slack.team, channel.id, thread.ts, message, "U1", "echo")


async def test_slack_asks_to_wait_and_is_waited_for(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    slack.fault("chat.startStream", error="unknown_method")
    slack.fault("chat.postMessage", times=3, status=429, retry_after=1)
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        await ann.mention(general, "hello")
        (reply,) = await bot.done(seconds=15)
        assert (reply.status, reply.attempt, len(slack.bot_posts(general))) == ("done", 1, 1)


async def test_an_answer_that_slack_finds_too_long_or_wrong_is_said_in_plainer_words(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, ann: Person, general: Channel
) -> None:
    slack.fault("chat.startStream", error="unknown_method")
    async with in_slack(sqlite_sessions, tmp_path, slack, "a <b> & c", "x" * 3000, "y") as bot:
        slack.fault("chat.postMessage", error="invalid_blocks")
        await ann.mention(general, "one")
        await bot.done()
        assert slack.bot_posts(general)[0].text == "a &lt;b&gt; &amp; c"
        slack.fault("chat.postMessage", times=2, error="msg_too_long")
        slack.fault("chat.update", times=2, error="msg_too_long")
        await ann.mention(general, "two")
        await bot.done(2)
        assert slack.bot_posts(general)[1].text.endswith("…")


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


async def test_a_question_deleted_unheard_while_it_is_answered_fails_and_stays_alone(
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
        assert (reply.status, reply.finish) == ("failed", "The question was deleted.")
        assert slack.bot_posts(general) == [], "nothing stands in the open channel"
        slack.fault("chat.startStream", error="unknown_method")
        another = await ann.mention(general, "hello again")
        await slack.until(lambda: len(bot.engine.requests) == 2)
        await ann.delete(another)
        assert (await bot.done(2))[1].finish == "The question was deleted."
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
        place = _place(slack, general, root, asked.ts)
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
        await bot.platform.remove(_place(slack, general, asked, asked.ts), made["ts"])
        assert slack.bot_posts(general) == []


async def test_two_hundred_mentions_in_ten_seconds(sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    """Each is kept, and answered or told to wait, once. What the acknowledgements took is printed."""
    people = [slack.person(f"Person {number}") for number in range(25)]
    rooms = [slack.channel(f"room-{number}", *people) for number in range(5)]
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        for number in range(200):
            await people[number % 25].mention(rooms[number % 5], f"question {number}")
            await asyncio.sleep(0.04)
        found = await bot.done(200, seconds=90)
        acks = sorted(one.ack.took for one in slack.deliveries.all if one.ack is not None)
        print(f"acknowledged within {acks[len(acks) // 2]:.3f} s (half), {acks[-1]:.3f} s (all)")
        assert not any(one.lost for one in slack.deliveries.all)
        assert all(one.status == "done" or one.finish == texts.BUSY for one in found)
        answers = [one for room in rooms for one in slack.bot_posts(room)]
        assert len(answers) == len({one.thread_ts for one in answers}) == len(found) == 200
