"""The connection to Slack, by one transport or the other.

Owns who we are there, and what is alive only while we are connected. Knows nothing of replies.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

import aiohttp
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Card
from bot.chat.commands.asked import Call
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, Known, Missed, WorkspaceSeen
from bot.chat.platform import NotReached, OnEvent
from bot.platforms.slack import errors
from bot.platforms.slack.checks import Keys, admitted, still_admitted
from bot.platforms.slack.collected import Collected
from bot.platforms.slack.hearing import Mentions, acknowledge_the_rest, app_of
from bot.platforms.slack.http import Server
from bot.platforms.slack.interactions import Interactions
from bot.platforms.slack.page import LookAt
from bot.platforms.slack.payloads import Me
from bot.platforms.slack.people import People, Person
from bot.platforms.slack.socket import Sockets
from bot.platforms.slack.thumbs import Thumbs
from bot.platforms.slack.wire import Wire
from bot.platforms.slack.writing import Writing
from db.words import say, speaking

TIMEOUT_S = 30.0  # for one answer of Slack's


class Connection:
    def __init__(self, wire: Wire, desk: Desk, look_at: LookAt, keys: Keys, listens: tuple[str, int]) -> None:
        self._client, self._pace, self._writing = wire.client, wire.pace, Writing(wire)
        self._desk, self._look_at, self._keys, self._listens = desk, look_at, keys, listens
        self._me: Me | None = None
        self._sockets: Sockets | None = None
        self._server: Server | None = None
        self.people: People | None = None

    @property
    def connected(self) -> bool:
        return bool(self.address) if self._sockets is None else self._sockets.connected

    @property
    def address(self) -> str:
        return self._server.address if self._server is not None else ""

    async def me(self) -> Me:
        """Who we are. Raises NotReached."""
        if self._me is None:
            try:
                answer = await self._client.auth_test()
            except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                code = errors.code_of(error) if isinstance(error, SlackApiError) else type(error).__name__
                raise NotReached(say("Slack does not say who we are ({reason}).", reason=code)) from error
            workspace = WorkspaceSeen("slack", str(answer["team_id"]), str(answer.get("team") or ""))
            ours, name = str(answer.get("bot_id") or ""), str(answer.get("user") or "")
            self._me = Me(str(answer["user_id"]), ours, workspace, name)
        return self._me

    async def serve(self, on_event: OnEvent) -> None:
        """Hand over what happens, for ever. Raises NotAdmitted, NotReached."""
        async with AsyncExitStack() as stack:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            self._client.session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
            await admitted(self._keys)
            me = await self.me()
            self.people = People(self._client, self._pace, me.workspace.id, partial(_late, on_event, me))
            stack.push_async_callback(self.people.aclose)
            app = await self._app(stack, me, on_event)
            missed = partial(_missed, on_event)
            if self._keys.transport == "http":
                await self._served(stack, app, missed)
            else:
                await self._connected(app, missed)

    async def _app(self, stack: AsyncExitStack, me: Me, on_event: OnEvent) -> AsyncApp:
        assert self.people is not None, "people are asked for by whoever listens"
        client = AsyncWebClient(base_url=self._keys.api_url, session=self._client.session)
        mentions = Mentions(me, self.people, on_event)
        collected = Collected(me, self.people, on_event)
        app = app_of(client, self._keys.bot_token, me, [mentions.hear, collected.hear, Thumbs(me, on_event).hear])
        interactions = Interactions(self._client, self._desk, on_event, self._look, self._named)
        stack.push_async_callback(interactions.aclose)
        interactions.listen(app)
        acknowledge_the_rest(app)
        return app

    async def _look(self, call: Call) -> None:
        async def publish(card: Card) -> None:
            # What Slack asks before a press is worded while it is drawn.
            with speaking(await self._desk.language(call)):
                await self._writing.publish(call.member.id, card)

        await self._look_at(call, publish)

    async def _named(self, call: Call) -> Call:
        """With the names that Slack tells within a moment, else those that came along."""
        assert self.people is not None, "people are asked for by whoever listens"
        me = await self.me()
        here = call.channel
        known = await self.people.get([call.member.id], here.id if here else None)
        person, place = known[call.member.id], known[here.id] if here else None
        member = person.seen if isinstance(person, Person) and person.seen.name else call.member
        if here is not None and isinstance(place, ChannelSeen) and place.name:
            here = replace(here, name=place.name)
        workspace = me.workspace if call.workspace.id == me.workspace.id else call.workspace
        return replace(call, workspace=workspace, member=member, channel=here)

    async def _served(self, stack: AsyncExitStack, app: AsyncApp, missed: Callable[[], Awaitable[object]]) -> None:
        self._server = Server(app, self._keys.signing_secret, *self._listens)
        try:
            await self._server.open()
            stack.push_async_callback(self._server.aclose)
            await missed()
            await still_admitted(self._keys, lambda: True)
        finally:
            self._server = None

    async def _connected(self, app: AsyncApp, missed: Callable[[], Awaitable[object]]) -> None:
        self._sockets = Sockets(app, lambda: admitted(self._keys), missed, self._client.proxy)
        tasks = [
            asyncio.create_task(self._sockets.serve()),
            asyncio.create_task(still_admitted(self._keys, lambda: self.connected)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._sockets = None


async def _missed(on_event: OnEvent) -> None:
    await on_event(Missed("slack"))


async def _late(on_event: OnEvent, me: Me, value: Person | ChannelSeen) -> None:
    if isinstance(value, Person):
        await on_event(Known(me.workspace, members=(value.seen,)))
    else:
        await on_event(Known(me.workspace, channels=(value,)))
