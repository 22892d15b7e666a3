"""The bot as a process beside a Discord that breaks in every way: it stays, it ends cleanly, and it tells no secret."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.bot_process import Bot, running
from tests.fakes.discord_process import TOKEN, assert_no_secret, fresh_discord, settings

PANEL = {"YAMABIKO_PANEL__ENABLED": "true", "YAMABIKO_PANEL__PORT": "0"}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.mark.timeout(240)
async def test_nothing_that_goes_wrong_tells_a_secret_and_the_bot_ends_cleanly(tmp_path: Path) -> None:
    async with fresh_discord() as discord, running(settings(discord) | PANEL, tmp_path) as bot:
        await bot.says("Discord: connected")
        ann, general = discord.person("Ann"), discord.channel("general")
        await discord.until(lambda: discord.world.commands[None], 20)
        await ann.mention(general, "hello, is " + TOKEN + " yours?")
        for fault in (
            {"status": 500},
            {"status": 400, "code": 50035, "message": f"no, {TOKEN}"},
            {"status": 429, "retry_after": 0.1},
            {"drop_connection": True},
        ):
            discord.fault("*", times=3, **fault)
            await ann.slash("yamabiko status", general)
        await asyncio.sleep(1)
        discord.faults.waiting.clear()
        discord.disconnect(resumable=False)
        await discord.connected(seconds=60)
        async with discord.outage():
            assert await panel_answers(bot) == 200
        await discord.connected(seconds=60)
        discord.reset_token()
        await bot.says("Discord does not know the bot's token; it is made under “Bot” of the app")
        asked = len(discord.calls)
        await asyncio.sleep(3)
        assert len(discord.calls) == asked, "a token that was refused is not tried again and again"
        assert await bot.end(signal.SIGTERM) == 0
        assert "it failed" not in bot.told, bot.told
        assert "Unclosed" not in bot.told, bot.told
        assert not discord.gateway.listening
    assert_no_secret(tmp_path, discord)


async def panel_answers(bot: Bot) -> int:
    """With what status, behind the link that was told."""
    link = re.search(r"http://127\.0\.0\.1:\d+/\S+", bot.told)
    assert link is not None, bot.told
    async with aiohttp.ClientSession() as browser, browser.get(link[0]) as answer:
        return answer.status
