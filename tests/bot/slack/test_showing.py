"""How answers come to show in Slack: streamed, edited, posted, each as far as Slack lets."""

import asyncio
from pathlib import Path

import pytest

from bot.chat import texts
from bot.platforms.slack.saying import LIMIT
from db.session import Sessions
from tests.fakes.in_slack import SLOW, in_slack, streaming
from tests.fakes.slack import Channel, FakeSlack, Person


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


@pytest.mark.long
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
