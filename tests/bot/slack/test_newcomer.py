"""A newcomer's five minutes, as the README walks through them: from the manifest to the first answer."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.fakes import openai_server
from tests.fakes.slack import FakeSlack
from tests.fakes.slack_process import APP, BOT, assert_no_secret, running, shell


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_from_the_manifest_to_the_first_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeSlack.running() as slack, openai_server.serving(otherwise="Copy, skipper. Over.") as server:
        slack.bot_token, slack.app_token = BOT, APP
        monkeypatch.setenv("YAMABIKO_BASES__SERVERS__HOUSE__URL", server.url)
        monkeypatch.setenv("YAMABIKO_BASES__SERVERS__HOUSE__MODEL", server.models[0])
        made, _ = await asyncio.gather(
            shell(slack, tmp_path, "manifest", "slack"),
            shell(slack, tmp_path, "persona", "create", "echo", "--base", "house", "--system", "Be brief."),
        )
        slack.install(json.loads(made))
        async with running(slack, tmp_path) as bot:
            await bot.says("Slack: connected")
            code = json.loads(await shell(slack, tmp_path, "claim", "--json"))
            ann = slack.person("Ann")
            room = slack.channel("general", ann)
            await ann.slash(code["type"], room)
            await slack.until(lambda: "owner" in " ".join(slack.rendered(one) for one in ann.ephemerals), 20)
            mention = await ann.mention(room, "how was your week?")
            await slack.until(
                lambda: [one for one in slack.bot_posts(room, mention) if "Copy, skipper" in one.text], 30
            )
            async with asyncio.timeout(60):  # the heartbeat tells of it within a few seconds
                while "came last: mention" not in await bot_in_slack(slack, tmp_path):  # noqa: ASYNC110
                    await asyncio.sleep(1)
    assert_no_secret(tmp_path)


async def bot_in_slack(slack: FakeSlack, folder: Path) -> str:
    """What the doctor says of the running bot."""
    findings = json.loads(await shell(slack, folder, "doctor", "--json"))["findings"]
    return next(one["detail"] for one in findings if one["what"] == "bot in Slack")
