"""The bot as a process beside a Slack that breaks in every way: it stays, it ends cleanly, and it tells no secret."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.platforms.slack.manifest import manifest
from tests.fakes.command_line import COMMAND, environment
from tests.fakes.slack import FakeSlack

# Put together here, so that no scanner takes them for real ones.
BOT = "xox" + "b-123456789012-123456789012-AbCdEfGhIjKlMnOpQrStUvWx"
APP = "xapp-" + "1-A012-345-abcdef012345"
SECRET = "0123456789abcdef" * 2

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Bot:
    """`yamabiko run`, standing in a folder."""

    def __init__(self, process: asyncio.subprocess.Process, told: Path) -> None:
        self.process, self._told = process, told

    @property
    def told(self) -> str:
        return self._told.read_text(encoding="utf-8")

    async def says(self, what: str) -> None:
        async with asyncio.timeout(60):
            while what not in self.told:
                assert self.process.returncode is None, self.told
                await asyncio.sleep(0.05)

    async def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        async with asyncio.timeout(60):
            return await self.process.wait()


@asynccontextmanager
async def running(slack: FakeSlack, folder: Path, **settings: str) -> AsyncGenerator[Bot]:
    """Its standard input is closed, as some who start programs leave it."""
    told = folder / "told.txt"
    own = {"BOT_TOKEN": slack.bot_token, "APP_TOKEN": slack.app_token, "SIGNING_SECRET": SECRET, "API_URL": slack.api}
    slack_table = {f"YAMABIKO_SLACK__{name}": value for name, value in (own | settings).items()}
    with told.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            *("-c", 'exec "$@" <&-', "sh", *COMMAND, "run"),
            cwd=folder,
            env={**environment(), **slack_table, "YAMABIKO_PANEL__ENABLED": "false"},
            stdout=out,
            stderr=out,
        )
    try:
        yield Bot(process, told)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def fresh_slack() -> AsyncGenerator[FakeSlack]:
    async with FakeSlack.running() as slack:
        slack.bot_token, slack.app_token = BOT, APP
        slack.install(manifest("Yamabiko", "socket", None))
        yield slack


async def back(slack: FakeSlack) -> None:
    """The library looks every few seconds whether its connection stands."""
    await slack.until(slack.deliveries.sockets.ready, 60)


def assert_no_secret(folder: Path, others: Sequence[str] = ()) -> None:
    secrets = [secret.encode() for secret in (BOT, APP, SECRET, *others)]
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 1
    for file in files:
        content = file.read_bytes()
        assert not [secret for secret in secrets if secret in content], file


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
