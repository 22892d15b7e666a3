"""What Slack tells us: kept first, acknowledged then.

Owns that order, and that one message which comes as two events, or again, is handed over once at a time. What the
events are made into stands in `payloads` and `collected`.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.events import Mention
from bot.chat.once import Once
from bot.platforms.slack.logger import LOGGER
from bot.platforms.slack.payloads import Me, asks, mention, people_in
from bot.platforms.slack.people import People

Hearer = Callable[[dict[str, Any]], Awaitable[object]]  # is given the body of an event


def app_of(client: AsyncWebClient, token: str, me: Me, hearers: Sequence[Hearer]) -> AsyncApp:
    """An app whose events are acknowledged when all `hearers` have returned, and not when one of them fails.

    Bolt acknowledges events before their listeners run, so the hearers stand before those. Commands, buttons and
    forms are listened to as always; they acknowledge themselves.
    """

    async def authorize(**_: Any) -> AuthorizeResult:
        workspace = me.workspace.id
        return AuthorizeResult(
            enterprise_id=None, team_id=workspace, bot_user_id=me.user, bot_id=me.bot, bot_token=token
        )

    async def hear(body: dict[str, Any], next: Callable[[], Awaitable[None]]) -> None:  # Bolt's name
        if body.get("type") == "event_callback":
            for hearer in hearers:
                await hearer(body)
        await next()

    return AsyncApp(
        client=client,
        authorize=authorize,
        before_authorize=hear,
        logger=LOGGER,
        request_verification_enabled=False,  # bot.platforms.slack.http has done it, and logs no text of strangers
    )


def acknowledge_the_rest(app: AsyncApp) -> None:
    """What nobody listens to is acknowledged too: Slack would send it again. Listeners added later hear nothing."""

    @app.event(re.compile(".*"))
    async def unheard() -> None: ...


class Mentions:
    """Hands over each message that asks us, once at a time, however many events tell of it."""

    def __init__(self, me: Me, people: People, on_mention: Callable[[Mention], Awaitable[object]]) -> None:
        self._me, self._people, self._on_mention = me, people, on_mention
        self._once = Once()

    async def hear(self, body: dict[str, Any]) -> None:
        event = body.get("event") or {}
        if asks(event, self._me):
            await self._once.do((str(event["channel"]), str(event["ts"])), partial(self._hand_over, event))

    async def _hand_over(self, event: dict[str, Any]) -> None:
        known = await self._people.get(people_in(event, self._me), str(event["channel"]))
        await self._on_mention(mention(event, self._me, known))
