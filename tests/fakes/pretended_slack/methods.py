"""How a Web API method is declared, and how it refuses.

Owns the table of methods with their arguments, scopes and rate tiers. Knows no HTTP; what the methods do stands in
the modules that fill the table.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.fakes.pretended_slack.world import BOT_USER, Channel, Json, Message

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

POST, SPECIAL = "post", "special"
Item = TypeVar("Item")
Does = Callable[["FakeSlack", Json], Json]


class Refused(Exception):
    """Slack says no, with its word for why."""

    def __init__(self, error: str, *messages: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more: Json = dict(more)
        if messages:
            self.more["response_metadata"] = {"messages": list(messages)}


@dataclass(frozen=True)
class Method:
    """`tier` is 1 to 4, POST (about one a second and channel) or SPECIAL (hundreds a minute)."""

    name: str
    does: Does
    required: frozenset[str]
    known: frozenset[str]
    scopes: tuple[str, ...]
    tier: int | str
    app_token: bool = False


@dataclass
class Call:
    """One request that came: its arguments, and how it was answered."""

    method: str
    args: Json
    at: float
    error: str | None = None
    status: int = 200
    answer: Json = field(default_factory=dict)


METHODS: dict[str, Method] = {}


def method(
    name: str, required: str = "", optional: str = "", *, scope: str = "", tier: int | str, app_token: bool = False
) -> Callable[[Does], Does]:
    """Any of the scopes in `scope` suffices; none named: none needed."""

    def declare(does: Does) -> Does:
        must = frozenset(required.split())
        known = must | frozenset(optional.split())
        METHODS[name] = Method(name, does, must, known, tuple(scope.split()), tier, app_token)
        return does

    return declare


def visible(slack: "FakeSlack", channel_id: str) -> Channel:
    """A channel that the bot can know of: a private one only from within."""
    channel = slack.world.channels.get(channel_id)
    if channel is None or (channel.kind != "channel" and not channel.bot_is_in):
        raise Refused("channel_not_found")
    return channel


def joined(slack: "FakeSlack", channel_id: str) -> Channel:
    channel = visible(slack, channel_id)
    if not channel.bot_is_in:
        raise Refused("not_in_channel")
    return channel


def writable(slack: "FakeSlack", channel_id: str) -> Channel:
    """Where the bot may write; a member's id stands for the conversation with them."""
    if channel_id in slack.world.users and channel_id != BOT_USER:
        channel = slack.world.im_with(channel_id)
    else:
        channel = joined(slack, channel_id)
    if channel.archived:
        raise Refused("is_archived")
    if channel.kind == "im" and not slack.messages_tab:
        raise Refused("messages_tab_disabled")
    return channel


def own_message(slack: "FakeSlack", args: Json, not_own: str) -> tuple[Channel, Message]:
    channel = writable(slack, args["channel"])
    message = channel.messages.get(str(args["ts"]))
    if message is None:
        raise Refused("message_not_found")
    if not message.by_bot:
        raise Refused(not_own)
    return channel, message


def needs_scope(slack: "FakeSlack", scope: str) -> None:
    if scope not in slack.scopes:
        raise Refused("missing_scope", needed=scope, provided=",".join(sorted(slack.scopes)))


def truth(value: object) -> bool:
    """The SDK writes booleans as 1 and 0 in a query."""
    return value in (True, "1", "true", "True", 1)


def page(items: list[Item], args: Json, default: int, most: int) -> tuple[list[Item], Json]:
    """One page of a list, and the cursor to the next: a number in disguise, as opaque as Slack's."""
    cursor = str(args.get("cursor") or "")
    if cursor and not cursor.startswith("from:"):
        raise Refused("invalid_cursor")
    start, asked = int(cursor.removeprefix("from:") or 0), str(args.get("limit") or default)
    if not asked.isdecimal():
        raise Refused("invalid_limit")
    size = min(int(asked), most)
    after = f"from:{start + size}" if start + size < len(items) else ""
    return items[start : start + size], {"next_cursor": after}
