"""Who people are and what places are called, asked of Slack and kept for a while.

Owns that memory. An event that waits to be acknowledged waits for a name only a moment; a name that comes later is
handed on as `Known`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.events import ChannelSeen, MemberSeen
from bot.platforms.slack.pace import Pace

log = structlog.get_logger()

WAIT_S = 0.4  # for a name, before an event is taken without it
KEPT_S = 6 * 3600.0
FAILED_S = 300.0  # before somebody whom Slack would not tell of is asked for again
MOST = 5000
AT_ONCE = 200  # asked for and not yet told


@dataclass(frozen=True, slots=True)
class Person:
    """`foreign`: of another workspace, here through Slack Connect."""

    seen: MemberSeen
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    until: float


OnLate = Callable[[Person | ChannelSeen], Awaitable[object]]


class People:
    """`on_late` hears what was told when nobody waited for it any more. `team` is our workspace's id."""

    def __init__(self, client: AsyncWebClient, pace: Pace, team: str, on_late: OnLate) -> None:
        self._client, self._pace, self._team, self._on_late = client, pace, team, on_late
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._late: set[str] = set()

    async def aclose(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def get(self, members: Iterable[str], channel: str | None = None) -> Mapping[str, Person | ChannelSeen]:
        """What is known of these by id, within a moment; of the others only the id."""
        wanted = {*members, *([channel] if channel else [])}
        asked = {one: task for one in wanted if (task := self._ask(one, is_channel=one == channel)) is not None}
        if unknown := {one: task for one, task in asked.items() if one not in self._kept}:
            await asyncio.wait(unknown.values(), timeout=WAIT_S)
        self._late |= {one for one, task in unknown.items() if not task.done()}
        return {one: self._known(one, is_channel=one == channel) for one in wanted}

    def _known(self, one: str, *, is_channel: bool) -> Person | ChannelSeen:
        kept = self._kept.get(one)
        if kept is not None and kept.value is not None:
            self._kept.move_to_end(one)
            return kept.value
        return ChannelSeen(one, "") if is_channel else Person(MemberSeen(one, ""))

    def _ask(self, one: str, *, is_channel: bool) -> asyncio.Task[None] | None:
        """The asking for it, None when there is no need, or too many are asked for already."""
        kept = self._kept.get(one)
        if kept is not None and kept.until > time.monotonic():
            return None
        if one not in self._asking:
            if len(self._asking) >= AT_ONCE:
                return None
            task = asyncio.create_task(self._fetch(one, is_channel=is_channel))
            self._asking[one] = task
            task.add_done_callback(lambda _: self._asking.pop(one, None))
        return self._asking[one]

    async def _fetch(self, one: str, *, is_channel: bool) -> None:
        try:
            value = await (self._channel(one) if is_channel else self._person(one))
        except Exception as error:
            log.info("Slack did not tell a name", of=one, why=_why(error))
            value = None
        self._keep(one, value)
        if one in self._late:
            self._late.discard(one)
            if value is not None:
                await self._hand_on(value)

    async def _hand_on(self, value: Person | ChannelSeen) -> None:
        try:
            await self._on_late(value)
        except Exception:
            log.exception("a name that came late was not kept")

    def _keep(self, one: str, value: Person | ChannelSeen | None) -> None:
        old = self._kept.get(one)
        until = time.monotonic() + (KEPT_S if value is not None else FAILED_S)
        self._kept[one] = _Kept(value if value is not None else old and old.value, until)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    async def _person(self, member: str) -> Person:
        await self._pace.turn("users.info")
        answer = await self._client.users_info(user=member, include_locale=True)
        return person_of(answer.get("user") or {}, self._team)

    async def _channel(self, channel: str) -> ChannelSeen:
        await self._pace.turn("conversations.info")
        found: dict[str, Any] = (await self._client.conversations_info(channel=channel)).get("channel") or {}
        if found.get("is_im"):
            other = (await self.get([str(found.get("user"))]))[str(found.get("user"))]
            name = other.seen.name if isinstance(other, Person) else ""
            return ChannelSeen(channel, f"@{name}" if name else "", direct=True)
        return ChannelSeen(channel, str(found.get("name") or ""))


def person_of(user: Mapping[str, Any], team: str) -> Person:
    """As users.info shows somebody."""
    profile = user.get("profile") or {}
    name = profile.get("display_name") or user.get("real_name") or profile.get("real_name") or user.get("name") or ""
    foreign = bool(user.get("is_stranger")) or str(user.get("team_id") or team) != team
    locale = str(user["locale"]) if user.get("locale") else None
    return Person(MemberSeen(str(user["id"]), str(name), bool(user.get("is_bot")), locale), foreign)


def _why(error: Exception) -> str:
    return str(error.response.get("error")) if isinstance(error, SlackApiError) else type(error).__name__
