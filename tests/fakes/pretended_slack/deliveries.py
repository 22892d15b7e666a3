"""How payloads reach the app, over a socket or as signed requests, and what became of them.

Owns envelopes, acknowledgements, deadlines and redelivery. An event that nobody acknowledges comes again, up to three
times; a command or a press does not: its person is told that it failed. Knows no payload's meaning.
"""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.fakes.pretended_slack.sockets import Sockets
from tests.fakes.pretended_slack.world import VERIFICATION, Json

EVENT, COMMAND, INTERACTIVE = "events_api", "slash_commands", "interactive"


@dataclass(frozen=True)
class Ack:
    """`answer` is what came back with it: a view's response_action, a command's text."""

    took: float
    answer: Any = None


@dataclass(eq=False)
class Delivery:
    """One payload on its way; `attempts` counts how often it was sent, `lost` that nobody ever acknowledged it."""

    kind: str
    payload: Json
    at: float
    attempts: int = 0
    ack: Ack | None = None
    lost: bool = False
    reasons: list[str] = field(default_factory=list[str])

    @property
    def event(self) -> Json:
        return self.payload.get("event", {})

    @property
    def name(self) -> str:
        return self.event.get("type") or self.payload.get("type") or self.payload.get("command", "")


@dataclass
class Pace:
    """Seconds. Slack waits three for an acknowledgement, and sends again at once, after a minute, after five."""

    ack: float = 3.0
    again: tuple[float, ...] = (0.0, 60.0, 300.0)
    patience: float = 300.0


class Deliveries:
    """`all` is everything ever sent, oldest first; `url` makes requests of it instead of envelopes."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.all: list[Delivery] = []
        self.sockets = Sockets(self._hear)
        self.url: str | None = None
        self.secret = ""
        self.delay = 0.0
        self.duplicates = 0
        self.dropped_acks = 0
        self.stray: deque[Json] = deque(maxlen=1000)
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def emit(self, payload: Json) -> Delivery:
        """Send an event, in the background."""
        delivery = Delivery(EVENT, payload, time.monotonic())
        self.all.append(delivery)
        copies = 1
        if self.duplicates:
            self.duplicates -= 1
            copies = 2
        for _ in range(copies):
            task = asyncio.create_task(self._deliver(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return delivery

    async def interact(self, kind: str, payload: Json) -> Delivery:
        """Send a command, a press or a submission once, and return when it was acknowledged or the time is over."""
        delivery = Delivery(kind, payload, time.monotonic())
        self.all.append(delivery)
        await asyncio.sleep(self.delay)
        await self._once(delivery, 0, "", patience=0.2)
        delivery.lost = delivery.ack is None
        return delivery

    async def settled(self) -> None:
        """Returns when nothing is on its way any more."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.hang_up(abruptly=False)

    async def _deliver(self, delivery: Delivery) -> None:
        await asyncio.sleep(self.delay)
        reason = ""
        for attempt in range(1 + len(self.pace.again)):
            if attempt:
                await asyncio.sleep(self.pace.again[attempt - 1])
            reason, again = await self._once(delivery, attempt, reason, self.pace.patience)
            if not again:
                return
            delivery.reasons.append(reason)
        delivery.lost = delivery.ack is None

    async def _once(self, delivery: Delivery, attempt: int, reason: str, patience: float) -> tuple[str, bool]:
        """Send it once more. Why it failed, and whether it is worth sending again."""
        if self.url:
            return await self._post(delivery, attempt, reason)
        socket, waited = await self.sockets.next(patience)
        if socket is None:
            return "connection_failed", True
        if waited and not attempt:
            attempt, reason = 1, "connection_failed"
        delivery.attempts += 1
        envelope = {"envelope_id": str(uuid.uuid4()), "type": delivery.kind, "payload": delivery.payload}
        envelope["accepts_response_payload"] = delivery.kind != EVENT
        if delivery.kind == EVENT:
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        answered = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = answered
        sent = time.monotonic()
        gone = asyncio.create_task(socket.gone.wait())
        try:
            if not await socket.say(envelope):
                return "connection_failed", True
            await asyncio.wait({answered, gone}, timeout=self.pace.ack, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            self._waiting.pop(envelope["envelope_id"], None)
        if not answered.done():
            return ("connection_failed" if socket.gone.is_set() else "timeout"), True
        delivery.ack = delivery.ack or Ack(time.monotonic() - sent, answered.result())
        return "", False

    def _hear(self, message: Json) -> None:
        waiting = self._waiting.get(message.get("envelope_id", ""))
        if self.dropped_acks and waiting is not None:
            self.dropped_acks -= 1
        elif waiting is None or waiting.done():
            self.stray.append(message)
        else:
            waiting.set_result(message.get("payload"))

    async def challenge(self) -> bool:
        word = uuid.uuid4().hex
        asks = Delivery(EVENT, {"type": "url_verification", "challenge": word, "token": VERIFICATION}, time.monotonic())
        await self._post(asks, 0, "")
        answer = asks.ack.answer if asks.ack else None
        return isinstance(answer, dict) and word in (answer.get("challenge"), answer.get("text"))

    async def _post(self, delivery: Delivery, attempt: int, reason: str) -> tuple[str, bool]:
        assert self.url is not None
        delivery.attempts += 1
        body, kind = _body(delivery)
        headers = {"Content-Type": kind, "User-Agent": "Slackbot 1.0"} | signed(self.secret, body)
        if attempt:
            headers |= {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": reason}
        sent = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=self.pace.ack)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.post(self.url, data=body.encode(), headers=headers) as got,
            ):
                text = await got.text()
                if got.status != 200:
                    return "http_error", got.headers.get("x-slack-no-retry") != "1"
        except TimeoutError:
            return "http_timeout", True
        except aiohttp.ClientError:
            return "connection_failed", True
        delivery.ack = delivery.ack or Ack(time.monotonic() - sent, _read(text))
        return "", False


def signed(secret: str, body: str, at: float | None = None) -> dict[str, str]:
    """The two headers by which an app knows Slack."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _body(delivery: Delivery) -> tuple[str, str]:
    if delivery.kind == EVENT:
        return json.dumps(delivery.payload), "application/json"
    form = delivery.payload if delivery.kind == COMMAND else {"payload": json.dumps(delivery.payload)}
    return urlencode(form), "application/x-www-form-urlencoded"


def _read(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text}
