"""The bot as a process beside a Slack that breaks in every way: it stays, it ends cleanly, and it tells no secret."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.fakes.slack_process import APP, BOT, assert_no_secret, back, fresh_slack, running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.mark.timeout(240)
async def test_nothing_that_goes_wrong_tells_a_secret_and_the_bot_ends_cleanly(tmp_path: Path) -> None:
    async with fresh_slack() as slack, running(slack, tmp_path) as bot:
        await bot.says("Slack: connected")
        ann = slack.person("Ann")
        room = slack.channel("general", ann)
        for fault in ({"status": 500, "body": f"<html>{BOT}</html>"}, {"error": "invalid_auth"}):
            slack.fault("*", times=3, **fault)
            await ann.mention(room, "hello, is " + BOT + " yours?")
            await asyncio.sleep(0.5)
        slack.faults.waiting.clear()
        await slack.disconnect()
        await back(slack)
        async with slack.outage():
            await asyncio.sleep(2)
        await back(slack)
        assert await bot.end(signal.SIGTERM) == 0
        assert "it failed" not in bot.told, bot.told
        assert not slack.deliveries.sockets.open
    assert_no_secret(tmp_path)


@pytest.mark.timeout(120)
async def test_ctrl_c_ends_it_without_a_trace(tmp_path: Path) -> None:
    async with fresh_slack() as slack, running(slack, tmp_path) as bot:
        await bot.says("Slack: connected")
        assert await bot.end(signal.SIGINT) == 130
        assert "Traceback" not in bot.told
    assert_no_secret(tmp_path)


@pytest.mark.timeout(120)
async def test_a_revoked_token_is_told_at_once_and_not_asked_for_again(tmp_path: Path) -> None:
    async with fresh_slack() as slack:
        slack.token_error = "token_revoked"
        async with running(slack, tmp_path) as bot:
            await bot.says("The bot's token was revoked")
            asked = len(slack.calls)
            await asyncio.sleep(3)
            assert len(slack.calls) == asked
            assert await bot.end(signal.SIGTERM) == 0
            assert "Traceback" not in bot.told
    assert_no_secret(tmp_path)


@pytest.mark.timeout(120)
async def test_a_token_in_the_wrong_place_is_told_without_telling_it(tmp_path: Path) -> None:
    async with fresh_slack() as slack, running(slack, tmp_path, BOT_TOKEN=APP, APP_TOKEN=BOT) as bot:
        await bot.says("bot_token holds the app-level token")
        assert await bot.end(signal.SIGTERM) == 0
    assert_no_secret(tmp_path)
