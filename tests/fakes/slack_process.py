"""`yamabiko run` as a process of its own beside a pretended Slack, and the secrets it is given.

Owns how it is started, watched and ended. Knows no command.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.platforms.slack.manifest import manifest
from tests.fakes.command_line import COMMAND, environment
from tests.fakes.pretended_slack.deliveries import Pace
from tests.fakes.slack import FakeSlack

# Put together here, so that no scanner takes them for real ones.
BOT = "xox" + "b-123456789012-123456789012-AbCdEfGhIjKlMnOpQrStUvWx"
APP = "xapp-" + "1-A012-345-abcdef012345"
SECRET = "0123456789abcdef" * 2


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


def settings(slack: FakeSlack, **changed: str) -> dict[str, str]:
    """The environment of every command beside this Slack; `changed` in [slack], by name."""
    own = {"BOT_TOKEN": slack.bot_token, "APP_TOKEN": slack.app_token, "SIGNING_SECRET": SECRET, "API_URL": slack.api}
    table = {f"YAMABIKO_SLACK__{name}": value for name, value in (own | changed).items()}
    return {**environment(), **table, "YAMABIKO_PANEL__ENABLED": "false"}


@asynccontextmanager
async def running(slack: FakeSlack, folder: Path, **changed: str) -> AsyncGenerator[Bot]:
    """Its standard input is closed, as some who start programs leave it."""
    told = folder / "told.txt"
    with told.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            *("-c", 'exec "$@" <&-', "sh", *COMMAND, "run"),
            cwd=folder,
            env=settings(slack, **changed),
            stdout=out,
            stderr=out,
        )
    try:
        yield Bot(process, told)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def shell(slack: FakeSlack, folder: Path, *words: str) -> str:
    """What another command prints; it must not fail."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        cwd=folder,
        env=settings(slack),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, (out + errors).decode()
    return out.decode()


@asynccontextmanager
async def fresh_slack(pace: Pace | None = None) -> AsyncGenerator[FakeSlack]:
    async with FakeSlack.running(pace=pace) as slack:
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
