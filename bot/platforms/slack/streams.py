"""Which replies are being shown in Slack just now, and which of Slack's streams are whose.

Owns the choice between streaming, editing and waiting, and tells streams in hand from those that a crash left behind: a
stream bears no name of ours before it is stopped. Calls nothing.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager

from bot.platforms.slack.pace import Pace

STREAMS = 3  # replies that are streamed at once; appending is counted for all together
GROWING = 5  # replies that are shown as they grow; with more on their way, each is posted when it is whole
OFF_S = 600.0  # after Slack would not have a stream
_ADOPTED = 1000

Place = tuple[str, str]  # a channel and a thread, or a channel and a post


class Streams:
    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self._pace, self._clock = pace, clock
        self.clock = clock
        self._showing = 0
        self._off_until = 0.0
        self._starting: dict[Place, set[asyncio.Future[None]]] = {}
        self._held: set[Place] = set()
        self._adopted: OrderedDict[Place, str] = OrderedDict()

    @contextmanager
    def showing(self) -> Generator[None]:
        """One more reply is on its way."""
        self._showing += 1
        try:
            yield
        finally:
            self._showing -= 1

    @property
    def crowded(self) -> bool:
        return self._showing > GROWING

    def may_start(self) -> bool:
        """Whether a stream may begin now; the turn for it is taken."""
        if self._clock() < self._off_until or self._showing > STREAMS or not self._pace.has_room("chat.stopStream"):
            return False
        return self._pace.take("chat.startStream")

    def turned_off(self) -> None:
        """Slack would not have one; for a while none is tried."""
        self._off_until = self._clock() + OFF_S

    @contextmanager
    def starting(self, channel: str, thread: str) -> Generator[None]:
        """A stream is asked for and not known yet."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        here = self._starting.setdefault((channel, thread), set())
        here.add(ended)
        try:
            yield
        finally:
            here.discard(ended)
            ended.set_result(None)
            if not here:
                self._starting.pop((channel, thread), None)

    def hold(self, channel: str, ts: str) -> None:
        self._held.add((channel, ts))

    def let_go(self, channel: str, ts: str) -> None:
        self._held.discard((channel, ts))

    async def adopted(
        self, channel: str, thread: str, nameless: Sequence[str], nonce: str, others: Collection[str]
    ) -> str | None:
        """The first of these posts without a name that is nobody's, and is `nonce`'s from now on; None: there is none.

        A stream that is being asked for at this moment may be among them: it is known before we choose.
        """
        if nameless and (here := self._starting.get((channel, thread))):
            await asyncio.wait(set(here))
        for ts in nameless:
            whose = self._adopted.get((channel, ts), nonce)
            if ts not in others and (channel, ts) not in self._held and whose == nonce:
                self._adopted[channel, ts] = nonce
                while len(self._adopted) > _ADOPTED:
                    self._adopted.popitem(last=False)
                return ts
        return None
