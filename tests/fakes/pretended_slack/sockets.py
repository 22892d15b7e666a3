"""The Socket Mode connections: tickets, hello, disconnect, and which socket the next envelope goes to.

Owns who is connected. Knows nothing of what the envelopes carry.
"""

import asyncio
import itertools
import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.fakes.pretended_slack.world import APP, Json

AT_MOST = 10
HEARS = Callable[[Json], None]


@dataclass(eq=False)
class Socket:
    """`leaving`: it was told to go, and is given nothing new. `gone` is set when it is."""

    socket: web.WebSocketResponse
    leaving: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    heard: int = 0

    async def say(self, what: Json) -> bool:
        try:
            await self.socket.send_str(json.dumps(what))
        except (ConnectionError, RuntimeError):
            return False
        return True

    async def hang_up(self, abruptly: bool = False) -> None:
        self.leaving = True
        if abruptly and (transport := getattr(self.socket._req, "transport", None)):
            transport.abort()
        else:
            await self.socket.close()


class Sockets:
    """`connections` counts every connection there ever was; `refusing` turns new ones away."""

    def __init__(self, hears: HEARS) -> None:
        self.open: list[Socket] = []
        self.connections = 0
        self.refusing = False
        self._hears = hears
        self._tickets: set[str] = set()
        self._turn = itertools.count()
        self._changed = asyncio.Event()

    def ticket(self, port: int) -> str:
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return f"ws://127.0.0.1:{port}/link?ticket={ticket}&app_id={APP}"

    async def serve(self, asked: web.Request) -> web.StreamResponse:
        ticket = asked.query.get("ticket", "")
        if self.refusing or ticket not in self._tickets:
            return web.Response(status=503 if self.refusing else 403)
        self._tickets.discard(ticket)
        opened = web.WebSocketResponse()
        await opened.prepare(asked)
        socket = Socket(opened)
        await self._welcome(socket)
        try:
            async for frame in opened:
                if frame.type == WSMsgType.TEXT:
                    socket.heard += 1
                    self._hears(json.loads(frame.data))
        finally:
            if socket in self.open:
                self.open.remove(socket)
            socket.gone.set()
            self._tell_change()
        return opened

    async def _welcome(self, socket: Socket) -> None:
        if len(self.ready()) >= AT_MOST:
            await self.dismiss(self.ready()[0], "too_many_websockets")
        self.open.append(socket)
        self.connections += 1
        debug = {"host": "applink-1", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": len(self.open), "connection_info": {"app_id": APP}}
        await socket.say(hello | {"debug_info": debug})
        self._tell_change()

    async def dismiss(self, socket: Socket, reason: str, grace: float = 0.0) -> None:
        """Tell a socket to go, and hang up after the grace."""
        socket.leaving = True
        await socket.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}})
        if grace:
            with suppress(TimeoutError):
                await asyncio.wait_for(socket.gone.wait(), grace)
        await socket.hang_up()

    def ready(self) -> list[Socket]:
        return [one for one in self.open if not one.leaving and not one.socket.closed]

    async def next(self, patience: float) -> tuple[Socket | None, bool]:
        """The socket whose turn it is, and whether one had to be waited for."""
        waited = False
        try:
            async with asyncio.timeout(patience):
                while not self.ready():
                    waited = True
                    await self._changed.wait()
        except TimeoutError:
            return None, True
        ready = self.ready()
        return ready[next(self._turn) % len(ready)], waited

    async def hang_up(self, abruptly: bool) -> None:
        for socket in list(self.open):
            await socket.hang_up(abruptly)

    def _tell_change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
