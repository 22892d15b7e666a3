"""The gateway: a WebSocket that says hello, learns who is there and what they may hear, and tells them.

Owns sessions, sequence numbers, heartbeats, resuming and Discord's reasons for hanging up. Knows no event's meaning:
what is told, and to which intents, comes from happenings.
"""

import asyncio
import contextlib
import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from tests.fakes.pretended_discord.intents import ALL_INTENTS, MEMBERS, MESSAGE_CONTENT, PRESENCES, Intent
from tests.fakes.pretended_discord.world import Json

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, REQUEST_MEMBERS, INVALID, HELLO, ACK = (
    0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11,
)  # fmt: skip
GONE_AWAY = 1006
# What comes back sooner than any network brings it, the library takes for an answer to the heartbeat before.
ON_THE_WAY_S = 0.02
FINAL = (4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014)


@dataclass(eq=False)
class Session:
    """What one IDENTIFY began. `told` is everything it was sent, by sequence number, to be told again to who resumes;
    `lost_at`: since when nobody listens."""

    id: str
    intents: Intent
    told: list[Json] = field(default_factory=list[Json])
    socket: "Socket | None" = None
    lost_at: float = 0.0
    resumed: int = 0

    @property
    def sequence(self) -> int:
        return len(self.told)

    def hears(self, intent: Intent) -> bool:
        return not intent or bool(self.intents & intent)

    def tell(self, event: str, data: Json) -> None:
        self.told.append({"op": DISPATCH, "t": event, "s": len(self.told) + 1, "d": data})
        if self.socket:
            self.socket.put(self.told[-1])


class Socket:
    """One connection; what is put is sent in order."""

    def __init__(self, web_socket: web.WebSocketResponse, compressed: bool) -> None:
        self.web_socket = web_socket
        self.session: Session | None = None
        self.beats = 0
        self.waiting: asyncio.Queue[Json | int] = asyncio.Queue()
        self.sending = False
        self.hung_up: int | None = None
        self._zlib = zlib.compressobj() if compressed else None

    def put(self, frame: Json | int) -> None:
        """A number hangs up with that code."""
        self.waiting.put_nowait(frame)

    async def send_all(self, gateway: "Gateway") -> None:
        while not self.web_socket.closed:
            self.sending = False
            frame = await self.waiting.get()
            self.sending = True
            if isinstance(frame, int):
                await self._hang_up(frame)
                return
            if frame["op"] == DISPATCH and gateway.delay:
                await asyncio.sleep(gateway.delay)
            with contextlib.suppress(ConnectionError, RuntimeError):
                await self._send(json.dumps(frame))

    async def _send(self, text: str) -> None:
        if self._zlib is None:
            await self.web_socket.send_str(text)
            return
        packed = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self.web_socket.send_bytes(packed)

    async def _hang_up(self, code: int) -> None:
        self.hung_up = code
        if code == GONE_AWAY:
            self.abort()
        else:
            await self.web_socket.close(code=code)

    def abort(self) -> None:
        transport = self.web_socket._req.transport if self.web_socket._req else None
        if transport is not None:
            transport.abort()


class Gateway:
    """`heartbeat` in seconds; `lifetime`: how long a session waits for who resumes it; `identify_every`: how many
    seconds Discord wants between two IDENTIFYs (5 in earnest; 0 here, because discord.py then sleeps for five)."""

    def __init__(self, discord: "FakeDiscord") -> None:
        self._discord = discord
        self.sessions: list[Session] = []
        self.sockets: list[Socket] = []
        self.heartbeat = 41.25
        self.lifetime = 120.0
        self.identify_every = 0.0
        self.connections = self.identified = 0
        self.refusing = False
        self.delay = 0.0
        self.duplicates = self.dropped_acks = 0
        self.forced_codes: list[int] = []
        self._identified_at = 0.0

    @property
    def listening(self) -> list[Session]:
        return [one for one in self.sessions if one.socket]

    def tell(self, event: str, intent: Intent, data: Json | Callable[[Session], Json]) -> None:
        """Every session that asked for it, whether somebody listens just now or will resume."""
        copies = 1
        if self.duplicates and self.sessions:
            self.duplicates -= 1
            copies = 2
        for session in self.sessions:
            if session.hears(intent):
                for _ in range(copies):
                    session.tell(event, data(session) if callable(data) else data)

    async def serve(self, asked: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse(timeout=1.0, max_msg_size=2**22)
        await web_socket.prepare(asked)
        socket = Socket(web_socket, asked.query.get("compress") == "zlib-stream")
        self.sockets.append(socket)
        self.connections += 1
        sending = asyncio.create_task(socket.send_all(self))
        socket.put({"op": HELLO, "t": None, "s": None, "d": {"heartbeat_interval": int(self.heartbeat * 1000)}})
        try:
            await self._listen(socket)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            self._lose(socket, web_socket.close_code)
        return web_socket

    async def _listen(self, socket: Socket) -> None:
        while True:
            try:
                message = await socket.web_socket.receive(timeout=self.heartbeat * 2)
            except TimeoutError:  # a zombie
                socket.put(4009)
                return await asyncio.sleep(0.05)
            if message.type is not WSMsgType.TEXT:
                return None
            try:
                frame = json.loads(message.data)
            except ValueError:
                socket.put(4002)
                continue
            self._hear(socket, frame)

    def _hear(self, socket: Socket, frame: Json) -> None:
        data = frame.get("d")
        match frame.get("op"):
            case 1:
                socket.beats += 1
                if self.dropped_acks:
                    self.dropped_acks -= 1
                else:
                    acknowledged = {"op": ACK, "t": None, "s": None, "d": None}
                    asyncio.get_running_loop().call_later(ON_THE_WAY_S, socket.put, acknowledged)
            case 2 if socket.session is None:
                self._identify(socket, data)
            case 6 if socket.session is None:
                self._resume(socket, data)
            case 2 | 6:
                socket.put(4005)
            case 3 | 4 | 8 if socket.session is None:
                socket.put(4003)
            case 8:
                self._discord.chunk_members(socket.session, data)
            case 3 | 4:
                pass
            case _:
                socket.put(4001)

    def _identify(self, socket: Socket, data: Json) -> None:
        app, now = self._discord.world.app, self._discord.clock.now()
        intents = data.get("intents")
        if self.forced_codes:
            socket.put(self.forced_codes.pop(0))
        elif data.get("token") != app.token:
            socket.put(4004)
        elif not isinstance(intents, int) or intents & ~ALL_INTENTS:
            socket.put(4013)
        elif self._not_granted(Intent(intents)):
            socket.put(4014)
        elif now - self._identified_at < self.identify_every:
            socket.put({"op": INVALID, "t": None, "s": None, "d": False})
        else:
            self._identified_at = now
            self.identified += 1
            session = Session(secrets.token_hex(16), Intent(intents), socket=socket)
            socket.session = session
            self.sessions.append(session)
            self._discord.welcome(session)

    def _not_granted(self, intents: Intent) -> bool:
        app = self._discord.world.app
        granted = ((MEMBERS, app.members), (PRESENCES, app.presences), (MESSAGE_CONTENT, app.message_content))
        return any(intents & intent and not allowed for intent, allowed in granted)

    def _resume(self, socket: Socket, data: Json) -> None:
        if data.get("token") != self._discord.world.app.token:
            return socket.put(4004)
        session = next((one for one in self.sessions if one.id == data.get("session_id")), None)
        if session is None or (not session.socket and self._discord.clock.now() - session.lost_at > self.lifetime):
            self.forget(session)
            return socket.put({"op": INVALID, "t": None, "s": None, "d": False})
        seen = data.get("seq") or 0
        if seen > session.sequence:
            return socket.put(4007)
        if session.socket:
            session.socket.session = None
            session.socket.put(4000)
        session.socket, socket.session = socket, session
        session.resumed += 1
        for frame in session.told[seen:]:
            socket.put(frame)
        return session.tell("RESUMED", {})

    def forget(self, session: Session | None) -> None:
        """Nobody can resume it any more."""
        if session in self.sessions:
            self.sessions.remove(session)

    def _lose(self, socket: Socket, code: int | None) -> None:
        """Whoever hangs up with 1000 or 1001 ends the session; so do some of Discord's own reasons."""
        ended = socket.hung_up in FINAL if socket.hung_up else code in (1000, 1001)
        self.sockets.remove(socket)
        session, socket.session = socket.session, None
        if session and session.socket is socket:
            session.socket, session.lost_at = None, self._discord.clock.now()
            if ended:
                self.forget(session)

    # What goes wrong.

    def hang_up(self, code: int, *, resumable: bool) -> None:
        """On everybody; GONE_AWAY: without a word."""
        for socket in list(self.sockets):
            if not resumable:
                self.forget(socket.session)
            socket.put(code)

    def say(self, op: int, data: bool | None, *, resumable: bool) -> None:
        """RECONNECT, or INVALID."""
        for socket in list(self.sockets):
            if not resumable:
                self.forget(socket.session)
            socket.put({"op": op, "t": None, "s": None, "d": data})

    def drained(self) -> bool:
        """Whether everything that is to be told has been sent to those who listen."""
        return not any(one.waiting.qsize() or one.sending for one in self.sockets)

    async def close(self) -> None:
        self.refusing = True
        for socket in list(self.sockets):
            socket.put(1001)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while self.sockets:  # noqa: ASYNC110  # each leaves by itself
                    await asyncio.sleep(0.01)
        for socket in list(self.sockets):
            socket.abort()
