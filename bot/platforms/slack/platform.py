"""Slack as a chat network.

Owns the connection, and where replies are shown. Payloads become events in `payloads`, cards become blocks in `blocks`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat import posts
from bot.chat.cards import Card
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, Posted, Thread, WorkspaceSeen
from bot.chat.platform import Draft, OnEvent, Page
from bot.chat.posting import Gone, found, grow, refs_of
from bot.platforms.slack.interactions import Interactions
from bot.platforms.slack.page import Look
from bot.platforms.slack.payloads import mention
from bot.platforms.slack.writing import Writing

LIMIT = 3900  # characters of a post; Slack may cut longer ones in two
PACE_S = 1.2  # between two changes of a post


class Slack:
    name = "slack"
    sitting: str | None = None

    def __init__(self, desk: Desk, look: Look, *, bot_token: str, app_token: str, api_url: str) -> None:
        """`look` draws a member's own page, now and whenever it changes, by what it is given to publish with."""
        self._client = AsyncWebClient(bot_token, base_url=api_url)
        self._desk, self._look, self._app_token = desk, look, app_token
        self._writing = Writing(self._client)

    async def run(self, on_event: OnEvent) -> None:
        app = AsyncApp(client=self._client)
        self._listen(app, on_event)
        interactions = Interactions(self._client, self._desk, on_event, self._look)
        interactions.listen(app)
        handler = AsyncSocketModeHandler(app, self._app_token)
        try:
            await handler.connect_async()
            await asyncio.Event().wait()
        finally:
            await handler.close_async()
            await interactions.aclose()

    def _listen(self, app: AsyncApp, on_event: OnEvent) -> None:
        @app.event("app_mention")
        async def mentioned(body: dict[str, Any]) -> None:
            await on_event(mention(body))

    async def show(self, to: Thread, draft: Draft) -> str:
        return await grow(self, to, draft, split=lambda text: posts.split(text, LIMIT), pace_s=PACE_S)

    async def find(self, to: Thread, nonce: str) -> str | None:
        answer = await self._client.conversations_replies(
            channel=to.channel, ts=to.thread or to.message, include_all_metadata=True
        )
        ours = {
            one["metadata"]["event_payload"]["nonce"]: one["ts"]
            for one in answer["messages"] or ()
            if one.get("metadata", {}).get("event_type") == "yamabiko_reply"
        }
        return found(nonce, ours)

    async def tell(self, to: Thread, sentence: str) -> None:
        await self._client.chat_postEphemeral(channel=to.channel, user=to.asker, text=sentence, thread_ts=to.thread)

    async def remove(self, to: Thread, ref: str) -> None:
        for one in refs_of(ref):
            with suppress(SlackApiError):
                await self._client.chat_delete(channel=to.channel, ts=one)

    async def post(self, to: Thread, text: str, nonce: str) -> str:
        posted = await self._client.chat_postMessage(
            channel=to.channel,
            thread_ts=to.thread,
            text=text,
            metadata={"event_type": "yamabiko_reply", "event_payload": {"nonce": nonce}},
        )
        return str(posted["ts"])

    async def edit(self, to: Thread, ref: str, text: str) -> None:
        try:
            await self._client.chat_update(channel=to.channel, ts=ref, text=text)
        except SlackApiError as error:
            if error.response["error"] == "message_not_found":
                raise Gone from error
            raise

    async def thread(self, to: Thread) -> Sequence[Posted]:
        return ()

    async def history(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        return Page((), None)

    async def write(self, workspace: str, channel: str, card: Card) -> str:
        return await self._writing.write(channel, card)

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        await self._writing.write(member, card)
