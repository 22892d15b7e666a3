"""Socket Mode: Slack's events over a connection that we open.

Owns that connection: one is followed by the next before it is missed, and whoever was interrupted is asked again by
Slack. Slack's own client goes on calling a used-up address, and a revoked token, for ever; so the loop is ours, and
what goes through it is Bolt's.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.chat.platform import NotAdmitted, NotReached
from bot.platforms.slack.logger import LOGGER
from db.words import say

log = structlog.get_logger()

PING_S = 10.0  # a connection that says nothing for so long is asked whether it lives
OPENING_S = 20.0
WINDING_UP_S = 5.0  # for what an old connection has in hand
STEADY_S = 30.0  # a connection that ends sooner is no reason to open the next at once
HASTY = 4  # connections one after another that Slack ends sooner, although it asked for the next


class Sockets:
    """`address` gives that of a new connection, and raises NotAdmitted and NotReached; `on_connected` hears of each."""

    def __init__(
        self,
        app: AsyncApp,
        address: Callable[[], Awaitable[str | None]],
        on_connected: Callable[[], Awaitable[object]],
        proxy: str | None = None,
    ) -> None:
        self._app, self._address, self._on_connected, self._proxy = app, address, on_connected, proxy
        self._ending: set[asyncio.Task[None]] = set()
        self._current: _Socket | None = None

    @property
    def connected(self) -> bool:
        return self._current is not None and self._current.is_open

    async def serve(self) -> None:
        """For ever. Raises NotReached, NotAdmitted."""
        async with aiohttp.ClientSession(trust_env=False) as session:
            hasty = 0
            try:
                while True:
                    began = time.monotonic()
                    wanted = await self._one(session)
                    hasty = hasty + 1 if time.monotonic() - began < STEADY_S else 0
                    if hasty and (not wanted or hasty > HASTY):
                        raise NotReached(say("the connection broke"))
            finally:
                await self._ended()

    async def _one(self, session: aiohttp.ClientSession) -> bool:
        """One connection, to its end; whether Slack had asked us to open another."""
        socket = self._current = await self._open(session)
        try:
            await self._on_connected()
            return await socket.read()
        finally:
            self._wind_up(socket)

    async def _open(self, session: aiohttp.ClientSession) -> "_Socket":
        url = await self._address()
        assert url is not None, "over HTTP nothing is opened"
        try:
            async with asyncio.timeout(OPENING_S):
                socket = _Socket(self._app, await session.ws_connect(url, heartbeat=PING_S, proxy=self._proxy))
                await socket.greeted()
                return socket
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = type(error).__name__
            raise NotReached(say("Slack's connection does not open ({reason}).", reason=reason)) from error

    def _wind_up(self, socket: "_Socket") -> None:
        task = asyncio.create_task(socket.wind_up())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _ended(self) -> None:
        for task in self._ending:
            task.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)


class _Socket:
    def __init__(self, app: AsyncApp, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._app, self._connection = app, connection
        self._tasks: set[asyncio.Task[None]] = set()
        self.logger = LOGGER  # Bolt's sender looks here

    @property
    def is_open(self) -> bool:
        return not self._connection.closed

    async def greeted(self) -> None:
        """Return when Slack has said hello: from then on it sends."""
        message = await self._connection.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise aiohttp.ClientError("no hello")
        self._take(json.loads(message.data))

    async def read(self) -> bool:
        """Until the connection ends; whether Slack had asked us to open another. Raises NotAdmitted."""
        async for message in self._connection:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            if said.get("type") == "disconnect":
                if said.get("reason") == "link_disabled":
                    raise NotAdmitted(say("Socket Mode is switched off for the app; switch it on in Slack's settings."))
                return True
            self._take(said)
        return False

    def _take(self, said: dict[str, Any]) -> None:
        request = SocketModeRequest.from_dict(said)
        if request is None:
            return
        task = asyncio.create_task(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: SocketModeRequest) -> None:
        began = time.time()
        try:
            answer = await run_async_bolt_app(self._app, request)
            await send_async_response(cast("AsyncBaseSocketModeClient", self), request, answer, began)
        except (aiohttp.ClientError, ConnectionError) as error:
            log.info("an acknowledgement was not sent; Slack will ask again", why=repr(error))
        except Exception:
            log.exception("what Slack sent could not be worked on")

    async def send_socket_mode_response(self, response: SocketModeResponse) -> None:
        """For Bolt."""
        await self._connection.send_str(json.dumps(response.to_dict()))

    async def wind_up(self) -> None:
        """What is in hand is acknowledged before the connection closes, if that is soon."""
        try:
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=WINDING_UP_S)
        finally:
            for task in self._tasks:
                task.cancel()
            await self._connection.close()
