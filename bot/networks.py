"""The networks' composition root: what the config names is connected, each apart from the others.

Reads the config; the networks get plain values.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from bot import config
from bot.app import App, new_instance, warm
from bot.chat.attendance import Attendance
from bot.chat.cards import Card
from bot.chat.collecting.backfill import Backfill
from bot.chat.collecting.live import Collecting
from bot.chat.collecting.opening import Opening
from bot.chat.commands.asked import Around, Call
from bot.chat.control import Control
from bot.chat.desk import Desk
from bot.chat.feedback import Feedback
from bot.chat.heartbeat import Pulse, beating
from bot.chat.inbox import Inbox
from bot.chat.keeping import Keeper
from bot.chat.notices import Notices
from bot.chat.platform import Messenger
from bot.chat.refreshing import Refreshing
from bot.chat.replying.alternatives import Alternatives
from bot.chat.replying.blocklist import Blocklist
from bot.chat.verbs import personas, watching
from bot.chat.verbs.authority import Actor
from bot.config import BotConfig
from db import channels, logs
from db.session import Sessions, reading

PanelLink = Callable[[Actor], Awaitable[str]]


@asynccontextmanager
async def connected(app: App, panel_link: PanelLink | None, tell: Callable[[str], None]) -> AsyncGenerator[None]:
    """The config's networks are served within this block; one that fails keeps no other waiting.

    `tell` is given what whoever started us should read of them.
    """
    settings, sessions = app.rows.settings, app.rows.sessions
    if settings.networks:
        await personas.begin(sessions, settings.bases.default)
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
    keepers: list[Keeper] = []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            beating(sessions, new_instance(), lambda: Pulse([one.standing() for one in keepers], app.live.errors))
        )
        there |= {platform.name: platform for platform in _platforms(settings, sessions, desk, refreshing)}
        for platform in there.values():
            stack.enter_context(app.answering.serving(platform))
            keepers.append(Keeper(platform, partial(inbox.on_event, platform), tell))
            for kept in (keepers[-1].keep(), keepers[-1].watch()):
                stack.push_async_callback(_ended, asyncio.create_task(kept))
        for room in (Opening, Backfill) if there else ():
            task = asyncio.create_task(room(sessions, there, settings.chat.backfill_days).run())
            stack.push_async_callback(_ended, task)
        control = Control(there, around, refreshing)
        for beside in (refreshing.follow(), Notices(sessions, there).follow(), control.run()):
            stack.push_async_callback(_ended, asyncio.create_task(beside))
        if there:
            stack.push_async_callback(_ended, asyncio.create_task(warm(app)))
        yield


def _platforms(settings: BotConfig, sessions: Sessions, desk: Desk, refreshing: Refreshing) -> list[Messenger]:
    made = {
        "slack": lambda: _slack(settings.slack, desk, refreshing),
        "discord": lambda: _discord(settings, sessions, desk),
    }
    return [made[network]() for network in settings.networks]


def _slack(table: config.Slack, desk: Desk, refreshing: Refreshing) -> Messenger:
    from bot.platforms.slack.checks import Keys
    from bot.platforms.slack.platform import Slack  # verbs do without

    secrets_of = (table.bot_token, table.app_token, table.signing_secret)
    bot_token, app_token, signing_secret = (one.get_secret_value() for one in secrets_of)
    logs.never_show((bot_token, app_token, signing_secret))
    return Slack(
        desk,
        Keys(bot_token, app_token, table.transport, signing_secret, table.api_url),
        look_at=partial(_look_at, desk, refreshing),
        listens=(table.host, table.port),
    )


def _discord(settings: BotConfig, sessions: Sessions, desk: Desk) -> Messenger:
    from bot.platforms.discord.platform import Discord

    table, chat = settings.discord, settings.chat
    token = table.bot_token.get_secret_value()
    logs.never_show((token,))
    patience, reach = timedelta(minutes=chat.patience_minutes), timedelta(days=chat.context_days)
    attendance = Attendance(sessions, "discord", patience, reach)
    opened = partial(open_channels, sessions)
    return Discord(desk, attendance, token, table.api_url, table.gateway_url, opened=opened)


async def open_channels(sessions: Sessions) -> Collection[int]:
    """The open channels that Discord's message-content intent is asked for."""
    async with reading(sessions) as session:
        return {one.id for one in await channels.open_in(session, "discord")}


async def _look_at(desk: Desk, refreshing: Refreshing, call: Call, publish: Callable[[Card], Awaitable[None]]) -> None:
    """Someone opened their own page, or pressed something on it."""
    key = (call.workspace.platform, call.workspace.id, call.member.id)
    await refreshing.open(key, partial(desk.home, call), publish)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
