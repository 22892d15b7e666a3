"""Talking in Slack: the real SDK against the pretended one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.session import Sessions
from tests.fakes.in_slack import in_slack
from tests.fakes.slack import FakeSlack


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        yield running


async def test_a_mention_in_a_channel_is_answered_once_in_its_thread(
    sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sessions, tmp_path, slack, "Hello **Ann**, from the mountain.") as bot:
        asked = await ann.post(general, "so, <@U0000000B> how are you?")
        (reply,) = await bot.done()
        await slack.settled()
        (shown,) = slack.bot_posts(general)
        print(slack.transcript(general))
        assert shown.thread_ts == asked.ts
        assert "Hello **Ann**, from the mountain." in slack.rendered(shown)
        assert (reply.status, reply.asked, reply.shown_ref) == ("done", "so, how are you?", shown.ts)
        assert len(slack.sent("app_mention")) == len(slack.sent("message")) - 1 == 1, "it came as two events"
        assert len(await bot.replies()) == 1
