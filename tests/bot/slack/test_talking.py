"""Who asks in Slack, and what they are answered: the real SDK against the pretended workspace."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.replying.reply import Limits
from db import members
from db.models import Channel, Member, Workspace
from db.session import Sessions, reading, transaction
from tests.fakes.in_slack import in_slack
from tests.fakes.pretended_slack import events
from tests.fakes.pretended_slack.world import BOT_USER
from tests.fakes.slack import FakeSlack

ME = f"<@{BOT_USER}>"


async def test_a_mention_in_a_channel_is_answered_once_in_its_thread(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann", locale="ja-JP")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack, "Hello **Ann**, from the mountain.") as bot:
        asked = await ann.post(general, f"so, {ME} how are you?")
        (reply,) = await bot.done()
        await slack.settled()
        (shown,) = slack.bot_posts(general)
        assert shown.thread_ts == asked.ts
        assert "Hello **Ann**, from the mountain." in slack.rendered(shown)
        assert "AI の回答・echo" in slack.rendered(shown)
        assert (reply.status, reply.asked, reply.shown_ref) == ("done", "so, how are you?", shown.ts)
        assert slack.sent("app_mention"), "the message came as two events"
        assert len(await bot.replies()) == 1
    async with reading(sessions) as session:
        assert await session.scalar(select(Member.name)) == "Ann"
        assert await session.scalar(select(Member.locale)) == "ja-JP"
        assert await session.scalar(select(Channel.name)) == "general"
        assert await session.scalar(select(Workspace.platform_id)) == slack.team


async def test_events_that_come_again_are_answered_once_also_after_a_restart(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    slack.duplicate_events(2)
    async with in_slack(sessions, tmp_path, slack) as bot:
        asked = await ann.mention(general, "hello")
        await bot.done()
        await slack.settled()
    async with in_slack(sessions, tmp_path, slack) as again:
        slack.deliveries.emit(events.callback(events.mentioned(general, asked), slack.clock.now()))
        await slack.settled()
        assert len(await again.replies()) == len(slack.bot_posts(general)) == 1
        assert again.engine.requests == []


async def test_a_direct_message_asks_without_a_mention(sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    async with in_slack(sessions, tmp_path, slack) as bot:
        asked = await ann.dm("hello there")
        await bot.done()
        (shown,) = slack.bot_posts(ann.im)
        assert shown.thread_ts == asked.ts
        async with reading(sessions) as session:
            assert await session.scalar(select(Channel.name)) == "@Ann"


async def test_what_bots_write_what_is_edited_and_what_slack_says_itself_asks_nothing(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack) as bot:
        plain = await ann.post(general, "nobody is called here")
        await ann.edit(plain, f"{ME} now somebody is")
        said = events.posted(general, plain) | {"text": f"{ME} hi", "ts": "1700000000.000100"}
        for more in ({"bot_id": "B9"}, {"subtype": "channel_join"}, {"subtype": "bot_message"}, {"user": "USLACKBOT"}):
            slack.deliveries.emit(events.callback(said | more, slack.clock.now()))
        await slack.settled()
        assert await bot.replies() == []
        assert not any(one.lost for one in slack.deliveries.all)


async def test_a_message_with_a_file_asks_by_its_text(sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack) as bot:
        seen = await ann.post(general, "look")
        said = events.posted(general, seen) | {"text": f"{ME} what is this?", "subtype": "file_share"}
        slack.deliveries.emit(events.callback(said, slack.clock.now()))
        (reply,) = await bot.done()
        assert reply.asked == "what is this?"


async def test_mentioned_members_are_given_to_the_model_by_name(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann, ben = slack.person("Ann"), slack.person("Ben")
    general = slack.channel("general", ann, ben)
    async with in_slack(sessions, tmp_path, slack) as bot:
        await ann.mention(general, f"what would <@{ben.id}> say & do in <#C77|garden>?")
        (reply,) = await bot.done()
        assert bot.engine.requests[0].turns[-1]["content"] == "what would @Ben say & do in #garden?"
        assert ben.id not in reply.asked


async def test_names_that_come_late_keep_no_mention_waiting(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack) as bot:
        slack.fault("users.info", delay=1.5)
        await ann.mention(general, "hello")
        await bot.done()
        assert all(one.ack is not None and one.ack.took < 1.0 for one in slack.sent("app_mention"))

        async def name() -> str | None:
            async with reading(sessions) as session:
                return await session.scalar(select(Member.name))

        assert await name() == ann.id
        while await name() != "Ann":
            await slack.settled()


async def test_a_stranger_through_slack_connect_is_told_no_and_nothing_is_kept(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    guest = slack.person("Gus", team="T99")
    shared = slack.channel("shared", guest, ext_shared=True)
    async with in_slack(sessions, tmp_path, slack, "hello, guest") as bot:
        await guest.mention(shared, "hello")
        await slack.until(lambda: guest.ephemerals)
        await slack.settled()
        assert "only members of my own server or workspace" in slack.rendered(guest.ephemerals[0])
        assert (len(guest.ephemerals), await bot.replies(), slack.bot_posts(shared)) == (1, [], [])
    async with reading(sessions) as session:
        assert "Gus" not in [member.name for member in await session.scalars(select(Member))]


async def test_a_refusal_is_told_in_private_and_once(sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack) as bot:
        await ann.mention(general, "hello")
        await bot.done()
        await _block(sessions)
        asked = await ann.mention(general, "hello again")
        await slack.until(lambda: ann.ephemerals)
        await slack.settled()
        (told,) = ann.ephemerals
        assert told.thread_ts == asked.ts
        assert "An admin has asked me not to answer you here." in slack.rendered(told)
        await ann.dm("and here?")
        await slack.until(lambda: slack.bot_posts(ann.im))
        assert "not to answer you" in slack.bot_posts(ann.im)[0].text


async def _block(sessions: Sessions) -> None:
    async with transaction(sessions) as session:
        member = (await session.scalars(select(Member))).one()
        await members.block(session, member.id, "t", "", datetime.now(UTC))


async def test_nobody_is_called_by_an_answer(sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    calls = f"<!channel> <!here|here> @everyone @here <@{ann.id}> <!subteam^S1> @channel"
    async with in_slack(sessions, tmp_path, slack, calls, calls, calls) as bot:
        await ann.mention(general, "shout")
        await bot.done()
        await ann.dm("shout")
        await bot.done(2)
        posts = [*slack.bot_posts(general), *slack.bot_posts(ann.im)]
        assert len(posts) == 2
        assert [one.pings for one in posts] == [[], []]
        sent = json.dumps([call.args for call in slack.calls if call.method.startswith("chat.")])
        assert "<!channel>" not in sent


async def test_a_channel_that_takes_no_posts_fails_the_reply_with_the_reason(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    async with in_slack(sessions, tmp_path, slack, limits=Limits(network_seconds=5)) as bot:
        for count, error in enumerate(("is_archived", "not_in_channel", "channel_not_found", "restricted_action"), 1):
            channel = slack.channel(error, ann)
            for method in ("chat.startStream", "chat.postMessage"):
                slack.fault(method, error=error)
            await ann.mention(channel, "hello")
            await bot.done(count)
            slack.faults.waiting.clear()
        found = await bot.done(4)
        assert [one.status for one in found] == ["failed"] * 4
        assert [one.finish for one in found][:2] == [
            "The channel is archived.",
            "I am not in this channel; invite me with /invite.",
        ]


@pytest.mark.parametrize("private", [False, True])
async def test_a_question_that_its_asker_deletes_is_forgotten(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack, private: bool
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack, "Hello.") as bot:
        asked = await (ann.dm("my secret") if private else ann.mention(general, "my secret"))
        await bot.done()
        await ann.delete(asked)
        await slack.settled()
        (reply,) = await bot.replies()
        assert (reply.status, reply.asked, reply.text) == ("done", "", "Hello.")


@pytest.mark.parametrize("private", [False, True])
async def test_a_question_that_its_asker_edits_is_kept_as_it_stands_and_not_answered_anew(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack, private: bool
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack, "Hello.") as bot:
        asked = await (ann.dm("my secret") if private else ann.mention(general, "my secret"))
        (reply,) = await bot.done()
        await ann.edit(asked, f"{ME} <@{ann.id}> and <@U00000099> at ann@example.com")
        await slack.settled()
        (again,) = await bot.replies()
        assert again.asked == f"<@member:{reply.asker_id}> and @someone at [e-mail]"
        assert (again.status, again.attempt, len(bot.engine.requests)) == ("done", 1, 1)
        await ann.delete(asked)
        await slack.settled()
        assert [one.asked for one in await bot.replies()] == [""]
