"""The bot's own page and its Messages tab, as a member opens them.

Owns that neither ever fails anything else. What stands on the page is bot.chat's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Card
from bot.chat.commands.asked import Call
from bot.chat.platform import NotShown
from bot.platforms.slack.manifest import prompts

log = structlog.get_logger()

Publish = Callable[[Card], Awaitable[None]]
LookAt = Callable[[Call, Publish], Awaitable[object]]  # draws a page by publishing it, now and when it has changed
Look = Callable[[Call], Awaitable[object]]


async def no_page(call: Call, publish: Publish) -> None:
    """Where members have no page of their own."""


class Page:
    """`look` draws a member's page."""

    def __init__(self, client: AsyncWebClient, look: Look) -> None:
        self._client, self._look = client, look

    async def drawn(self, call: Call) -> None:
        """After it was opened, and after a press on it. It belongs to no channel."""
        try:
            await self._look(replace(call, channel=None, thread=None, message=None))
        except (NotShown, SlackApiError) as error:
            log.info("a member's page could not be drawn", why=repr(error))
        except Exception:
            log.exception("a member's page could not be drawn")

    async def suggest(self, channel: str) -> None:
        """What one could ask, in the language spoken now."""
        try:
            await self._client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts())
        except Exception as error:  # a kindness
            log.info("no prompts could be suggested", why=repr(error))
