"""`yamabiko run` as a process of its own beside a pretended Slack, and the secrets it is given.

Owns what it is told of that Slack. Knows no command.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from bot.platforms.slack.manifest import manifest
from tests.fakes import bot_process
from tests.fakes.bot_process import Bot, assert_told_nowhere
from tests.fakes.pretended_slack.deliveries import Pace
from tests.fakes.slack import FakeSlack

# Put together here, so that no scanner takes them for real ones.
BOT = "xox" + "b-123456789012-123456789012-AbCdEfGhIjKlMnOpQrStUvWx"
APP = "xapp-" + "1-A012-345-abcdef012345"
SECRET = "0123456789abcdef" * 2


def settings(slack: FakeSlack, **changed: str) -> dict[str, str]:
    """What the environment of every command beside this Slack holds; `changed` in [slack], by name."""
    own = {"BOT_TOKEN": slack.bot_token, "APP_TOKEN": slack.app_token, "SIGNING_SECRET": SECRET, "API_URL": slack.api}
    return {f"YAMABIKO_SLACK__{name}": value for name, value in (own | changed).items()}


def running(slack: FakeSlack, folder: Path, **changed: str) -> AbstractAsyncContextManager[Bot]:
    return bot_process.running(settings(slack, **changed), folder)


async def shell(slack: FakeSlack, folder: Path, *words: str) -> str:
    """What another command prints; it must not fail."""
    return await bot_process.shell(settings(slack), folder, *words)


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
    assert_told_nowhere(folder, (BOT, APP, SECRET, *others))
