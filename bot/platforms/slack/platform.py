"""Slack as a chat network.

Owns what the chat rooms ask of it. The connection stands in `connection`, how a reply comes to show in `showing`.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Card
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, Thread, WorkspaceSeen, Written
from bot.chat.platform import Draft, OnEvent, Page, Trouble
from bot.chat.replying.posting import Gone, found, refs_of
from bot.chat.telling import Telling
from bot.platforms.slack.checks import Keys
from bot.platforms.slack.connection import Connection
from bot.platforms.slack.pace import Pace, Patience, reconnecting
from bot.platforms.slack.page import LookAt, no_page
from bot.platforms.slack.past import Past
from bot.platforms.slack.saying import fallback
from bot.platforms.slack.showing import REPLY, Showing, erase
from bot.platforms.slack.streams import Streams
from bot.platforms.slack.threads import Threads
from bot.platforms.slack.wire import Wire, why
from bot.platforms.slack.writing import Writing

log = structlog.get_logger()

NOTE = "yamabiko_note"


class Slack:
    name = "slack"
    sitting: str | None = None

    def __init__(
        self,
        desk: Desk,
        keys: Keys,
        *,
        look_at: LookAt = no_page,
        listens: tuple[str, int] = ("127.0.0.1", 0),
        pace: Pace | None = None,
    ) -> None:
        """`look_at` draws members' own pages; `listens` is where the HTTP transport does."""
        self._pace = pace or Pace()
        handlers = [reconnecting(), Patience(self._pace)]  # what may have been done is not asked for twice
        self._client = AsyncWebClient(keys.bot_token, base_url=keys.api_url, retry_handlers=handlers)
        self._wire, self._streams = Wire(self._client, self._pace), Streams(self._pace)
        self._connection = Connection(self._wire, desk, look_at, keys, listens)
        self._threads = Threads(self._wire, self._connection)
        self._past = Past(self._wire, self._connection)
        self._telling = Telling()

    def connected(self) -> bool:
        return self._connection.connected

    @property
    def address(self) -> str:
        """Where the HTTP transport listens."""
        return self._connection.address

    def lacks(self) -> Trouble | None:
        return None

    async def run(self, on_event: OnEvent) -> None:
        try:
            await self._connection.serve(on_event)
        finally:
            await self._telling.aclose()

    async def show(self, to: Thread, draft: Draft) -> str:
        return await Showing(self._wire, self._streams, to, draft).show()

    async def find(self, to: Thread, nonce: str, others: Collection[str] = ()) -> str | None:
        names: dict[str, str] = {}
        nameless: list[str] = []
        for message in await self._threads.ours(to):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == REPLY:
                names[str((metadata.get("event_payload") or {}).get("nonce"))] = str(message["ts"])
            elif not metadata and float(message["ts"]) > float(to.message):
                nameless.append(str(message["ts"]))
        standing = refs_of(found(nonce, names))
        left = await self._streams.adopted(to.channel, to.thread or to.message, nameless, nonce, others)
        return "\n".join([*standing, *([left] if left else [])]) or None

    async def tell(self, to: Thread, sentence: str) -> None:
        await self._telling.begin(self._tell(to, sentence))

    async def _tell(self, to: Thread, sentence: str) -> None:
        thread = to.thread or to.message
        said: dict[str, Any] = {"channel": to.channel, "thread_ts": thread, "text": fallback(sentence)}
        try:
            if to.channel.startswith("D"):  # there is nobody else to see it, and Slack has no ephemerals there
                note = {"event_type": NOTE, "event_payload": {}}
                await self._wire.call("chat.postMessage", metadata=note, unfurl_links=False, **said)
            else:
                await self._wire.call("chat.postEphemeral", user=to.asker, **said)
        except Exception as error:
            log.info("a member could not be told something", why=why(error) or repr(error))

    async def remove(self, to: Thread, ref: str) -> None:
        for one in filter(None, refs_of(ref)):
            with suppress(Gone):
                await erase(self._wire, to.channel, one)

    async def thread(self, to: Thread) -> Sequence[Written]:
        return await self._threads.before(to)

    async def history(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        return await self._past.page(channel, before)

    async def write(self, workspace: str, channel: str, card: Card, nonce: str = "") -> str:
        return await self._past.write(channel, card, nonce)

    async def written(self, workspace: str, channel: str, nonce: str) -> str | None:
        return await self._past.written(channel, nonce)

    async def rewrite(self, workspace: str, channel: str, ref: str, card: Card) -> None:
        await self._past.rewrite(channel, ref, card)

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        await Writing(self._wire).write_to(member, card)
