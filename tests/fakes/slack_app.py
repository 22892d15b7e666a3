"""The real SDK, pointed at the pretended Slack.

Owns a client and a Bolt app as a bot would have them, with pings short enough for tests. Knows nothing of our bot.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import FakeSlack


def client_of(slack: FakeSlack, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token if token is None else token, base_url=slack.api)


def app_of(slack: FakeSlack) -> AsyncApp:
    return AsyncApp(client=client_of(slack), signing_secret=slack.signing_secret)


@asynccontextmanager
async def connected(slack: FakeSlack, app: AsyncApp) -> AsyncGenerator[AsyncSocketModeHandler]:
    """The app hears over a socket of its own meanwhile."""
    before = slack.deliveries.sockets.connections
    handler = AsyncSocketModeHandler(app, slack.app_token, ping_interval=0.1)
    await handler.connect_async()
    await slack.until(lambda: slack.deliveries.sockets.connections > before)
    try:
        yield handler
    finally:
        await handler.close_async()
