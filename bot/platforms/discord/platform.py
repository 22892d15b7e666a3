"""Discord as a chat network.

Owns what the chat rooms ask of it, by handing each to the one who does it.
"""

from collections.abc import Collection, Sequence

from bot.chat.attendance import Attendance
from bot.chat.cards import Card
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, Thread, WorkspaceSeen, Written
from bot.chat.keeping import Pauses
from bot.chat.platform import Draft, OnEvent, Page, Trouble
from bot.chat.replying.posting import joined
from bot.chat.telling import Telling
from bot.platforms.discord.asking import well_formed
from bot.platforms.discord.catching_up import CatchingUp
from bot.platforms.discord.collected import Collected
from bot.platforms.discord.connection import Connection, Listener
from bot.platforms.discord.content import Content, Opened
from bot.platforms.discord.hearing import Mentions
from bot.platforms.discord.homes import Homes
from bot.platforms.discord.interactions import Interactions
from bot.platforms.discord.names import Names
from bot.platforms.discord.pace import Pace
from bot.platforms.discord.past import Past
from bot.platforms.discord.showing import Replies
from bot.platforms.discord.telling import Privately
from bot.platforms.discord.threads import Threads
from bot.platforms.discord.thumbs import Thumbs
from bot.platforms.discord.wire import Wire
from bot.platforms.discord.writing import Writing


async def no_channels() -> Collection[int]:
    return ()


class Discord:
    name = "discord"
    sitting: str | None = None

    def __init__(
        self,
        desk: Desk,
        attendance: Attendance,
        token: str,
        api_url: str,
        gateway_url: str,
        *,
        pace: Pace | None = None,
        pauses: Pauses | None = None,
        opened: Opened = no_channels,
    ) -> None:
        """`opened` gives the channels that are collected from."""
        listeners: list[Listener] = []
        self._token = token
        self._connection = Connection(token, api_url, gateway_url, listeners, pauses=pauses)
        wire = Wire(self._connection, pace or Pace())
        self._replies, self._threads, self._privately = Replies(wire), Threads(wire), Privately(wire)
        self._writing, self._content, names = Writing(self._connection), Content(self._connection, opened), Names()
        self._past = Past(self._connection, self._content, names)
        self._telling, self._homes = Telling(), Homes(self._connection)
        mentions = Mentions(self._homes, self.tell, self._threads.note)
        interactions = Interactions(desk, self._homes.of, self._threads.note, attendance.takes)
        thumbs = Thumbs(self._homes.of)
        listeners += [mentions, CatchingUp(mentions, attendance), Collected(names)]
        listeners += [self._past, self._threads, thumbs, interactions]

    def connected(self) -> bool:
        return self._connection.connected

    def lacks(self) -> Trouble | None:
        return self._content.lacks()

    async def run(self, on_event: OnEvent) -> None:
        well_formed(self._token)
        try:
            await self._content.serve(on_event)
        finally:
            await self._telling.aclose()

    async def show(self, to: Thread, draft: Draft) -> str:
        return await self._replies.show(to, draft)

    async def find(self, to: Thread, nonce: str, others: Collection[str] = ()) -> str | None:
        """Discord forgets the names of posts within minutes: what answers the mention is this, in order."""
        return joined(await self._threads.ours(to, others)) or None

    async def tell(self, to: Thread, sentence: str) -> None:
        await self._telling.begin(self._privately.tell(to, sentence))

    async def remove(self, to: Thread, ref: str) -> None:
        await self._replies.remove(self._writing.place_of(to, ref), ref)

    async def thread(self, to: Thread) -> Sequence[Written]:
        return await self._threads.before(to)

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
