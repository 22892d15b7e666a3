"""The networks' composition root: what the config names is connected, each apart from the others.

Reads the config; the networks get plain values.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from bot.app import App
from bot.chat.alternatives import Alternatives
from bot.chat.blocklist import Blocklist
from bot.chat.collecting import Collecting
from bot.chat.commands.asked import Around
from bot.chat.desk import Desk
from bot.chat.feedback import Feedback
from bot.chat.inbox import Inbox
from bot.chat.notices import Notices
from bot.chat.platform import Messenger
from bot.chat.refreshing import Refreshing
from bot.chat.verbs import watching
from bot.chat.verbs.authority import Actor
from bot.config import BotConfig

log = structlog.get_logger()

AGAIN_S = 10.0  # before a network that failed is tried again
PanelLink = Callable[[Actor], Awaitable[str]]


def named(settings: BotConfig) -> list[str]:
    """The networks that the config has tokens for."""
    return ["slack"] if settings.slack.bot_token.get_secret_value() else []


@asynccontextmanager
async def connected(app: App, panel_link: PanelLink | None) -> AsyncGenerator[None]:
    """The config's networks are served within this block; one that fails keeps no other waiting."""
    settings, sessions = app.rows.settings, app.rows.sessions
    there: dict[str, Messenger] = {}
    around = Around(
        sessions,
        app.live,
        tuple(settings.bases.servers),
        Blocklist(settings.chat.blocklist),
        panel_link,
        Alternatives(sessions, app.replier, there),
    )
    desk, refreshing = Desk(around), Refreshing(partial(watching.changes, sessions))
    inbox = Inbox(app.router, Collecting(sessions), Feedback(sessions))
    async with AsyncExitStack() as stack:
        for platform in _platforms(settings, desk):
            there[platform.name] = platform
            stack.enter_context(app.answering.serving(platform))
            task = asyncio.create_task(_serve(platform, inbox))
            stack.push_async_callback(_ended, task)
        for beside in (refreshing.follow(), Notices(sessions, there).follow()):
            stack.push_async_callback(_ended, asyncio.create_task(beside))
        yield


def _platforms(settings: BotConfig, desk: Desk) -> list[Messenger]:
    if not named(settings):
        return []
    from bot.platforms.slack.platform import Slack  # verbs do without

    table = settings.slack
    return [
        Slack(
            desk,
            bot_token=table.bot_token.get_secret_value(),
            app_token=table.app_token.get_secret_value(),
            api_url=table.api_url,
        )
    ]


async def _serve(platform: Messenger, inbox: Inbox) -> None:
    while True:
        try:
            await platform.run(lambda event: inbox.on_event(platform, event))
        except Exception:
            log.exception("a network failed; trying again", network=platform.name)
        await asyncio.sleep(AGAIN_S)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
