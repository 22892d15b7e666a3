"""The desk behind Slack: commands, the page and questions with real rows, from the first payload to the last card."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db import members, workspaces
from db.session import Sessions, transaction
from tests.fakes.in_slack import in_slack
from tests.fakes.slack import FakeSlack, Person


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        yield running


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
