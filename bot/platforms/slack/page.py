"""The bot's own page and its Messages tab, as a member opens them.

Owns that neither ever fails anything else. What stands on the page is bot.chat's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Card
from bot.chat.commands.asked import Call
from bot.chat.platform import NotShown
from bot.platforms.slack.manifest import prompts
from bot.platforms.slack.writing import Writing

log = structlog.get_logger()

Publish = Callable[[Card], Awaitable[None]]
Look = Callable[[Call, Publish], Awaitable[object]]


class Page:
    """`look` draws a member's page by publishing cards: at once, and whenever it has changed."""

    def __init__(self, client: AsyncWebClient, look: Look) -> None:
        self._client, self._look = client, look
        self._writing = Writing(client)

    async def drawn(self, call: Call) -> None:
        """After it was opened, and after a press on it. It belongs to no channel."""
        try:
            publish = partial(self._writing.publish, call.member.id)
            await self._look(replace(call, channel=None, thread=None, message=None), publish)
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
