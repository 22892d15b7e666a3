"""The desk behind Slack: commands, the page and questions with real rows, from the first payload to the last card."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.events import Thread
from db import members, workspaces
from db.models import Channel, Member
from db.session import Sessions, reading, transaction
from db.words import language
from tests.fakes.in_slack import in_slack
from tests.fakes.slack import FakeSlack, Person


async def is_owner(sessions: Sessions, slack: FakeSlack, who: Person) -> None:
    now = datetime.now(UTC)
    async with transaction(sessions) as session:
        workspace = await workspaces.ensure(session, "slack", slack.team, "", now)
        member = (await members.ensure(session, workspace, [(who.id, who.user.name)], now))[who.id]
        await members.set_role(session, member.id, "owner", "shell:test", now)


async def test_a_member_agrees_on_their_page_and_reads_it_there(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    async with in_slack(sessions, tmp_path, slack):
        await ann.open_home()
        home = await slack.until(lambda: ann.home)
        assert "You have not answered yet" in slack.rendered(home)
        await ann.press(home, "consent", "yes")
        view = await slack.until(lambda: ann.modal)
        assert "Recorded: your messages may teach the community's voice." in slack.rendered(view)
        await slack.until(lambda: "You have not answered yet" not in slack.rendered(home))


async def test_an_owner_is_offered_what_a_member_is_not(sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    ann, ben = slack.person("Ann"), slack.person("Ben")
    general = slack.channel("general", ann, ben)
    await is_owner(sessions, slack, ann)
    async with in_slack(sessions, tmp_path, slack):
        for who in (ann, ben):
            await who.slash("/yamabiko help", general)
            await slack.until(lambda who=who: who.ephemerals)
        assert "/yamabiko retrain" in slack.rendered(ann.ephemerals[0])
        assert "/yamabiko retrain" not in slack.rendered(ben.ephemerals[0])
        await ann.slash("/yamabiko permit-training", general)
        view = await slack.until(lambda: ann.modal)
        assert view.title == "Permit training"
        await ben.slash("/yamabiko permit-training", general)
        await slack.until(lambda: len(ben.ephemerals) == 2)
        assert ben.modal is None
        assert "Ann" in slack.rendered(ben.ephemerals[1])


async def test_a_question_by_command_is_answered_in_the_thread_of_its_post(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    slack.commands = {"/yamabiko": {"should_escape": True}}
    async with in_slack(sessions, tmp_path, slack, "At the pier.") as bot:
        await ann.slash("/yamabiko ask Where does @Ann land?", general)
        (reply,) = await bot.done()
        asked, answer = slack.bot_posts(general)
        assert slack.rendered(asked).replace("\u200b", "") == "*Ann* asks: Where does @ann land?"
        assert answer.thread_ts == asked.ts
        assert "At the pier." in slack.rendered(answer)
        assert (reply.status, reply.platform_message_id, reply.thread) == ("done", asked.ts, asked.ts)
        assert "<@U" not in reply.asked


async def called(sessions: Sessions) -> set[str]:
    async with reading(sessions) as session:
        return {*await session.scalars(select(Member.name)), *await session.scalars(select(Channel.name))}


async def test_what_somebody_types_in_slacks_own_notation_names_nobody_anew(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann, ben = slack.person("Ann"), slack.person("Ben")
    general = slack.channel("general", ann, ben)
    slack.commands = {"/yamabiko": {"should_escape": True}}
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        await ann.mention(general, "hello")
        await bot.done()
        await ben.slash(f"/yamabiko ask &lt;@{ann.id}|the owner&gt; hi", general)
        await bot.done(2)
        await ben.slash(f"/yamabiko use echo &lt;#{general.id}|secrets&gt;", general)
        await slack.until(lambda: ben.ephemerals)
        said = await ann.post(general, "a thing")
        await ben.shortcut("ask_about", said)
        form = await slack.until(lambda: ben.modal)
        await ben.submit(form, {"question": f"who is <@{ann.id}|the king>?"})
        await bot.done(3)
        assert await called(sqlite_sessions) == {"Ann", "Ben", "general"}


async def test_a_question_by_command_is_taken_for_no_other_questions_answer(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann, ben = slack.person("Ann"), slack.person("Ben")
    general = slack.channel("general", ann, ben)
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        first = await ann.mention(general, "hello")
        await bot.done()
        await ben.shortcut("ask_about", first)
        form = await slack.until(lambda: ben.modal)
        await ben.submit(form, {"question": "and what else?"})
        await bot.done(2)
        answers = {one.shown_ref for one in await bot.replies()}
        place = Thread("slack", slack.team, general.id, first.ts, first.ts, ann.id)
        assert await bot.platform.find(place, "reply-99", answers) is None


async def test_a_page_is_drawn_in_its_members_language(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []

    async def publish(*_: object) -> None:
        spoken.append(language())

    monkeypatch.setattr("bot.platforms.slack.writing.Writing.publish", publish)
    async with in_slack(sqlite_sessions, tmp_path, slack):
        await slack.person("Ann", locale="ja-JP").open_home()
        await slack.until(lambda: spoken)
        await slack.person("Ben", locale="en-GB").open_home()
        await slack.until(lambda: len(spoken) == 2)
    assert spoken == ["ja", "en"]
