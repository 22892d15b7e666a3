"""Where an answer goes: under a command, in the place of what was pressed, into a dialog, or in private.

Owns the ways Slack offers and what each of them refuses. Knows no command.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.chat.cards import Card, Form
from bot.chat.commands.asked import Call
from bot.chat.placing import Expired
from bot.platforms.slack.blocks import blocks, fallback
from bot.platforms.slack.calls import opened_from
from bot.platforms.slack.errors import code_of
from bot.platforms.slack.forms import Opened, View, modal, showing

log = structlog.get_logger()

USES = 5  # of an address for answers, within half an hour
DIALOG_CARDS = 100
EXPIRED = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})


class Private:
    """For one pair of eyes, by the bot's own hand: in the channel, and where it is not in there, in direct messages."""

    def __init__(self, client: AsyncWebClient, call: Call) -> None:
        self._client, self._call = client, call

    room = 1  # nothing here can be replaced: the first card and the last, none between

    async def show(self, card: Card) -> None:
        if not card.private and await self._posted(card):
            return
        said = message(card)
        call = self._call
        if call.channel is not None and not call.channel.direct:
            try:
                await self._client.chat_postEphemeral(
                    channel=call.channel.id, user=call.member.id, thread_ts=call.thread, **said
                )
                return
            except SlackApiError as error:
                log.info("nothing can be shown in this channel", channel=call.channel.id, why=code_of(error))
        await self._client.chat_postMessage(channel=call.member.id, **said)

    async def open(self, form: Form) -> None:
        raise Expired

    async def _posted(self, card: Card) -> bool:
        call = self._call
        if call.channel is None:
            return False
        try:
            await self._client.chat_postMessage(channel=call.channel.id, thread_ts=call.thread, **message(card))
        except SlackApiError as error:
            log.info("nothing can be posted in this channel", channel=call.channel.id, why=code_of(error))
            return False
        return True


class Answering:
    """Through the address that came with a command, a press or a shortcut.

    `replaces`: what was pressed is seen by the presser alone, so the answer takes its place.
    """

    def __init__(self, client: AsyncWebClient, call: Call, body: Mapping[str, Any], *, replaces: bool) -> None:
        self._client, self._call, self._replaces = client, call, replaces
        self._url, self._trigger = str(body.get("response_url") or ""), str(body.get("trigger_id") or "")
        self._left = USES

    @property
    def room(self) -> int:
        return self._left if self._replaces else 1

    async def show(self, card: Card) -> None:
        if not await self._answered(card):
            await Private(self._client, self._call).show(card)

    async def open(self, form: Form) -> None:
        await opening(self._client, self._trigger, modal(form, opened_from(self._call)))

    async def _answered(self, card: Card) -> bool:
        if not self._url or not self._left:
            return False
        self._left -= 1
        body = {
            **message(card),
            "response_type": "ephemeral" if card.private else "in_channel",
            "replace_original": self._replaces and card.private,
        }
        if self._call.thread:
            body["thread_ts"] = self._call.thread
        retries = [AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(max_retry_count=2)]
        answered = await AsyncWebhookClient(self._url, retry_handlers=retries).send_dict(body)
        if answered.status_code != 200:
            log.info("Slack did not take an answer", why=answered.body[:100])
        return answered.status_code == 200


class Dialog:
    """In a dialog: one that is open, or one that a trigger opens."""

    def __init__(
        self, client: AsyncWebClient, call: Call, opened: Opened, *, view: str = "", trigger: str = ""
    ) -> None:
        self._client, self._call, self._opened = client, call, opened
        self._view, self._trigger = view, trigger

    room = DIALOG_CARDS

    async def show(self, card: Card) -> None:
        """Whoever has closed the dialog meanwhile is told in private."""
        try:
            await self.put(showing(card, self._opened))
        except (Expired, SlackApiError) as error:
            log.info("a dialog is gone", why=repr(error))
            await Private(self._client, self._call).show(card)

    async def open(self, form: Form) -> None:
        await self.put(modal(form, self._opened))

    async def put(self, view: View) -> None:
        """Raises Expired, SlackApiError."""
        if self._view:
            await self._client.views_update(view_id=self._view, view=view)
        else:
            self._view = await opening(self._client, self._trigger, view)


async def opening(client: AsyncWebClient, trigger: str, view: View) -> str:
    """Open a dialog; its id. Raises Expired."""
    try:
        opened: dict[str, Any] = (await client.views_open(trigger_id=trigger, view=view)).get("view", {})
        return str(opened["id"])
    except SlackApiError as error:
        if code_of(error) in EXPIRED:
            raise Expired from error
        raise


def message(card: Card) -> dict[str, Any]:
    """A card as Slack's methods take it; a card of nothing says so with its fallback alone."""
    return {"text": fallback(card), **({"blocks": found} if (found := blocks(card)) else {})}
