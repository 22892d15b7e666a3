"""The real SDK, pointed at the pretended Slack.

Owns a client and a Bolt app as a bot would have them, with pings short enough for tests, and what they are refused
with. Knows nothing of our bot.
"""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
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


class Hearing:
    """An app that writes down what it hears; `deaf`: it hears nothing, and acknowledges nothing."""

    def __init__(self, slack: FakeSlack, deaf: bool = False) -> None:
        self.app = app_of(slack)
        self.bodies: list[dict[str, Any]] = []
        self.retries: list[str | None] = []
        if not deaf:
            for kind in ("message", "app_mention", "reaction_added", "reaction_removed", "app_home_opened"):
                self.app.event(kind)(self._hear)
            for kind in (
                "app_uninstalled",
                "tokens_revoked",
                "member_joined_channel",
                "member_left_channel",
                "channel_archive",
            ):
                self.app.event(kind)(self._hear)

    async def _hear(self, body: dict[str, Any], req: AsyncBoltRequest) -> None:
        self.bodies.append(body)
        self.retries.append(req.headers.get("x-slack-retry-num", [None])[0])

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [body["event"] for body in self.bodies if body["event"]["type"] == kind]


async def refused(call: Awaitable[object]) -> str:
    """Slack's word for why this call failed."""
    with pytest.raises(SlackApiError) as raised:
        await call
    return raised.value.response["error"]


async def complaints(call: Awaitable[object]) -> list[str]:
    """What Slack says in particular is wrong with this call."""
    with pytest.raises(SlackApiError) as raised:
        await call
    return raised.value.response["response_metadata"]["messages"]
