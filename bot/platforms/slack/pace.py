"""How often Slack may be called, and who waits for whom.

Owns the turns of methods and of channels. Knows no method's meaning. Slack counts calls a minute for each method and
about a post a second for each channel; we keep a little below, so that it need not say no.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from aiohttp import ClientConnectorError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from bot.chat.turns import Turns

# What Slack allows a minute, less a tenth.
A_MINUTE: Mapping[str, int] = {
    "chat.startStream": 18,
    "chat.appendStream": 90,
    "chat.stopStream": 18,
    "chat.update": 45,
    "chat.delete": 45,
    "chat.postEphemeral": 90,
    "conversations.info": 45,
    "conversations.replies": 45,
    "users.info": 90,
    "views.publish": 90,
    "assistant.threads.setStatus": 200,
}
_OTHERS = 45
_MANY = 1000  # channels whose turns are remembered


class Pace:
    """`scale` shortens minute and second alike."""

    def __init__(self, *, scale: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._minute, self._second, self._clock = 60 * scale, scale, clock
        self._turns: dict[str, Turns] = {}
        self._held: dict[str, float] = {}
        self._posts: dict[str, float] = {}

    def take(self, method: str) -> bool:
        """A turn for `method` if there is one now."""
        free = self._next(method) <= self._clock()
        if free:
            self._turns[method].take(self._clock())
        return free

    def has_room(self, method: str, spare: int = 0) -> bool:
        """Whether there is a turn now, and `spare` more within the minute."""
        return self._next(method) <= self._clock() and self._turns[method].has_room(spare)

    async def turn(self, method: str) -> None:
        """Wait for a turn; who came first goes first."""
        at = self._next(method)
        self._turns[method].take(at)
        await self._until(at)
        while (held := self._held.get(method, 0.0)) > self._clock():  # it was said meanwhile
            await self._until(held)

    async def post(self, channel: str) -> None:
        """Wait until one more post may stand in `channel`."""
        at = max(self._clock(), self._posts.get(channel, 0.0))
        self._posts[channel] = at + self._second
        if len(self._posts) > _MANY:
            self._posts = {one: free for one, free in self._posts.items() if free > self._clock()}
        await self._until(at)
        while (held := self._held.get("chat.postMessage", 0.0)) > self._clock():
            await self._until(held)

    def may_post(self, channel: str) -> bool:
        """Whether a post in `channel` would have to wait for no other."""
        free = max(self._posts.get(channel, 0.0), self._held.get("chat.postMessage", 0.0))
        return free <= self._clock()

    def hold(self, method: str, seconds: float) -> None:
        """Slack asks that `method` be not called for so long."""
        self._held[method] = max(self._held.get(method, 0.0), self._clock() + seconds)

    def _next(self, method: str) -> float:
        if method not in self._turns:
            self._turns[method] = Turns(A_MINUTE.get(method, _OTHERS), self._minute, self._clock)
        return max(self._clock(), self._turns[method].next(), self._held.get(method, 0.0))

    async def _until(self, at: float) -> None:
        if (wait := at - self._clock()) > 0:
            await asyncio.sleep(wait)


class Patience(AsyncRateLimitErrorRetryHandler):
    """Waits as long as Slack asks, if that is short; a longer wait is the caller's to bear, who holds a lease."""

    def __init__(self, pace: Pace, longest_s: float = 4.0) -> None:
        super().__init__(max_retry_count=2)
        self._pace, self._longest = pace, longest_s

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        asked = asked_to_wait({name: one[0] for name, one in response.headers.items()})
        self._pace.hold((request.url or "").rpartition("/")[2], asked)
        return asked <= self._longest


def asked_to_wait(headers: Mapping[str, str]) -> float:
    """The seconds of Retry-After, also where it is missing or no number."""
    named = {name.lower(): value for name, value in headers.items()}
    try:
        return max(0.0, float(named.get("retry-after", "1")))
    except ValueError:
        return 1.0


def reconnecting() -> AsyncConnectionErrorRetryHandler:
    """Tries again where no connection came about: nothing can have been done then."""
    return AsyncConnectionErrorRetryHandler(max_retry_count=1, error_types=[ClientConnectorError])
