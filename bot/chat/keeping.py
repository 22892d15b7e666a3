"""Keeps a network served: when it fails it is tried again, after pauses that grow, and how it does is known.

Owns the pauses and what is told of a failure. Knows no network.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from bot.chat.events import Erased, Event, Left, Mention, Thumbed, Written
from bot.chat.platform import Messenger, NotAdmitted, NotReached, OnEvent
from bot.chat.work import Waits
from db.coded import shown
from db.words import say

log = structlog.get_logger()

LOOK_S = 1.0  # between two looks at a connection
GONE_S = 10.0  # without one, before it is told: networks hang up now and then, and are back at once

KINDS: Mapping[type[Event], str] = {
    Mention: "mention",
    Written: "message",
    Erased: "deletion",
    Thumbed: "thumb",
    Left: "leaving",
}


@dataclass(frozen=True, slots=True)
class Pauses:
    """In seconds. A network that fails is tried again after `first`, then after twice as long, up to `longest`.

    `refused` is the pause where a person must mend something. Who has run for `steady` begins anew at `first`.
    """

    first: float = 1.0
    longest: float = 60.0
    refused: float = 300.0
    steady: float = 60.0


@dataclass
class Standing:
    """How a network does. `trouble` is why it is not served now; `heard` says when each of KINDS came last.

    `lack`, a trouble of db.coded, is why what people write does not come although it is served.
    """

    network: str
    since: datetime | None = None  # None: it is not connected
    trouble: str | None = None
    heard: dict[str, datetime] = field(default_factory=dict[str, datetime])
    lack: str | None = None


class Keeper:
    def __init__(
        self, platform: Messenger, on_event: OnEvent, tell: Callable[[str], None], pauses: Pauses | None = None
    ) -> None:
        """`tell` is given what whoever started us should read: that the network is there, or what is to be mended."""
        self._platform, self._on_event, self._tell = platform, on_event, tell
        self._pauses = pauses or Pauses()
        self._standing = Standing(platform.name)
        self._waits = Waits(self._pauses.first, self._pauses.longest)
        self._told: str | None = None

    async def keep(self) -> None:
        """Serve the network for ever."""
        while True:
            began = time.monotonic()
            try:
                await self._platform.run(self._heard)
                trouble, pause = say("it ended by itself"), None
            except NotAdmitted as why:
                trouble, pause = str(why), self._pauses.refused
            except NotReached as why:
                trouble, pause = str(why), None
            except Exception as fault:
                trouble, pause = say("it failed ({fault})", fault=type(fault).__name__), None
                self._note_fault(trouble)
            self._note(trouble)
            if time.monotonic() - began >= self._pauses.steady:
                self._waits.over()
            await asyncio.sleep(self._next_pause() if pause is None else pause)

    async def watch(self) -> None:
        """Tell for ever when it is connected, and when it has not been for a while."""
        gone = 0.0
        while True:
            gone = 0.0 if self.standing().since or self._standing.trouble else gone + LOOK_S
            if gone >= GONE_S:
                self._say(say("not connected; it is tried again"))
            await asyncio.sleep(LOOK_S)

    def standing(self) -> Standing:
        """How it does now."""
        connected = self._platform.connected()
        if not connected:
            self._standing.since = None
            return self._standing
        if self._standing.since is None:
            self._standing.since, self._standing.trouble = datetime.now(UTC), None
        with suppress(NotReached):  # it will be known in a moment
            self._standing.lack = self._platform.lacks()
        lack = self._standing.lack
        self._say(say("connected") if lack is None else say("connected; but {lack}", lack=shown("trouble", lack)))
        return self._standing

    async def _heard(self, event: Event) -> object:
        if (kind := KINDS.get(type(event))) is not None:
            self._standing.heard[kind] = datetime.now(UTC)
        return await self._on_event(event)

    def _note_fault(self, trouble: str) -> None:
        if trouble != self._standing.trouble:
            log.exception("a network failed; trying again", network=self._platform.name)

    def _note(self, trouble: str) -> None:
        self._standing.since = None
        if trouble != self._standing.trouble:
            self._standing.trouble = trouble
            log.info("a network is not served", network=self._platform.name, why=trouble)
            self._say(trouble)

    def _say(self, what: str) -> None:
        """What was said last is not said again."""
        if what != self._told:
            self._told = what
            self._tell(say("{network}: {what}", network=self._platform.name.capitalize(), what=what))

    def _next_pause(self) -> float:
        """Twice the last one, a little shaken, so that many who fall out do not all come back at once."""
        return self._waits.failed() * random.uniform(0.8, 1.2)
