"""The table of routes, and what a request brings to them.

Owns how an address finds its function. What each does stands in the modules that fill the table.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.fakes.pretended_discord.permissions import Permission, may
from tests.fakes.pretended_discord.refusals import complaint, missing_access, missing_permissions, unknown
from tests.fakes.pretended_discord.world import Channel, Guild, Json, Message, World

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord


@dataclass(frozen=True)
class Bucket:
    """So many calls in so many seconds, for each channel, guild or token by itself."""

    name: str
    limit: int = 50
    seconds: float = 1.0


@dataclass
class Call:
    """A request, and how it ended; `route` with the names of what stands in it: POST /channels/{channel}/messages."""

    route: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any
    files: list[Json]
    at: float
    status: int = 0
    code: int = 0
    answer: Any = None

    def __getitem__(self, name: str) -> str:
        return self.params[name]

    @property
    def json(self) -> Json:
        """The body, which has to be an object."""
        if not isinstance(self.body, dict):
            raise complaint("", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return self.body


@dataclass(frozen=True)
class Route:
    """`open`: no token of a bot is asked for; `counted`: it counts towards the fifty a second."""

    method: str
    template: str
    does: Callable[["FakeDiscord", Call], Any]
    bucket: Bucket
    open: bool = False
    counted: bool = True
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template) + "$"))

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


ROUTES: list[Route] = []


def route(method: str, template: str, *, bucket: Bucket | None = None, open: bool = False, counted: bool = True):
    def add(does: Callable[["FakeDiscord", Call], Any]) -> Callable[["FakeDiscord", Call], Any]:
        ROUTES.append(Route(method, template, does, bucket or Bucket(f"{method} {template}"), open, counted))
        ROUTES.sort(key=lambda one: one.template.count("{"))  # what is spelled out goes first
        return does

    return add


def found(method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
    """The route, what stands in its place holders, and whether only the method is wrong."""
    elsewhere = False
    for one in ROUTES:
        if match := one.pattern.match(path):
            if one.method == method:
                return one, {key: unquote(value) for key, value in match.groupdict().items()}, False
            elsewhere = True
    return None, {}, elsewhere


# What many routes look for first.


def guild_of(world: World, guild: str) -> Guild:
    found = world.guilds.get(guild)
    if found is None:
        raise unknown("Guild")
    if world.bot.id not in found.members or found.outage:
        raise missing_access()
    return found


def channel_of(world: World, channel: str, *wanted: Permission) -> Channel:
    """A channel that the app sees and may do these things in."""
    place = world.channels.get(channel)
    if place is None:
        raise unknown("Channel")
    if place.guild and world.guilds[place.guild].outage:
        raise missing_access()
    if not may(world, place, world.bot.id, Permission.VIEW_CHANNEL):
        raise missing_access()
    if not may(world, place, world.bot.id, *wanted):
        raise missing_permissions()
    return place


def message_of(world: World, channel: Channel, message: str) -> Message:
    found = channel.messages.get(message)
    if found is None:
        raise unknown("Message")
    return found


def limit_of(call: Call, default: int, most: int, least: int = 1) -> int:
    asked = call.query.get("limit", str(default))
    if not asked.isdecimal() or not least <= int(asked) <= most:
        raise complaint("limit", "NUMBER_TYPE_MAX", f"int value should be between {least} and {most}.")
    return int(asked)


def snowflake_of(call: Call, name: str) -> int | None:
    asked = call.query.get(name)
    if asked is None:
        return None
    if not asked.isdecimal():
        raise complaint(name, "NUMBER_TYPE_COERCE", f'Value "{asked}" is not snowflake.')
    return int(asked)
