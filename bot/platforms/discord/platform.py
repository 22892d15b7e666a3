"""Discord as a chat network.

Owns what the chat rooms ask of it, by handing each to the one who does it.
"""

from collections.abc import Collection, Sequence

from bot.chat.cards import Card
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, Thread, WorkspaceSeen, Written
from bot.chat.platform import Draft, OnEvent, Page
from bot.platforms.discord.collected import Collected
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.hearing import Mentions
from bot.platforms.discord.interactions import Interactions
from bot.platforms.discord.past import Past
from bot.platforms.discord.showing import Replies
from bot.platforms.discord.thumbs import Thumbs
from bot.platforms.discord.writing import Writing


class Discord:
    name = "discord"
    sitting: str | None = None

    def __init__(self, desk: Desk, token: str, api_url: str, gateway_url: str) -> None:
        listeners = (Mentions(), Collected(), Thumbs(), Interactions(desk))
        self._connection = Connection(token, api_url, gateway_url, listeners)
        self._replies = Replies(self._connection)
        self._past, self._writing = Past(self._connection), Writing(self._connection)

    def connected(self) -> bool:
        return self._connection.connected

    async def run(self, on_event: OnEvent) -> None:
        await self._connection.serve(on_event)

    async def show(self, to: Thread, draft: Draft) -> str:
        return await self._replies.show(to, draft)

    async def find(self, to: Thread, nonce: str, others: Collection[str] = ()) -> str | None:
        return await self._replies.find(to, nonce)

    async def tell(self, to: Thread, sentence: str) -> None:
        await self._replies.tell(to, sentence)

    async def remove(self, to: Thread, ref: str) -> None:
        await self._replies.remove(to, ref)

    async def thread(self, to: Thread) -> Sequence[Written]:
        return await self._past.thread(to)

    async def history(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        return await self._past.page(workspace, channel, before)

    async def write(self, workspace: str, channel: str, card: Card, nonce: str = "") -> str:
        return await self._writing.write(workspace, channel, card, nonce)

    async def written(self, workspace: str, channel: str, nonce: str) -> str | None:
        return await self._writing.written(workspace, channel, nonce)

    async def rewrite(self, workspace: str, channel: str, ref: str, card: Card) -> None:
        await self._writing.rewrite(workspace, channel, ref, card)

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        await self._writing.write_to(workspace, member, card)
