"""What the bot may do in a server, as Discord is told of it: scopes, permissions, the link that invites it.

Owns the one list of what the bot needs in Discord, which the doctor checks against, and how Discord reckons what is
granted. Calls nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from db.words import listed, mark, say

SCOPES: Sequence[str] = ("bot", "applications.commands")


@dataclass(frozen=True, slots=True)
class Permission:
    """`name` is what Discord's own pages call it; `purpose` what the bot needs it for."""

    bit: int
    name: str
    purpose: str


VIEW = Permission(1 << 10, mark("View Channels"), mark("to hear who asks"))
SEND = Permission(1 << 11, mark("Send Messages"), mark("to answer"))
HISTORY = Permission(
    1 << 16, mark("Read Message History"), mark("to answer under a question, and to read what an admin opened")
)
THREADS = Permission(1 << 38, mark("Send Messages in Threads"), mark("to answer in threads"))

# Nothing else: reactions are heard, not given; its own messages it may delete; archived threads open when it writes;
# its cards are components, not embeds.
PERMISSIONS: Sequence[Permission] = (VIEW, SEND, THREADS, HISTORY)
BITS = sum(one.bit for one in PERMISSIONS)

_ADMINISTRATOR = 1 << 3
_ALL = (1 << 53) - 1
_LEFT_IN_TIMEOUT = VIEW.bit | HISTORY.bit  # of whoever a moderator sent out for a while


def invitation(application: str, server: str | None = None) -> str:
    """The link with which whoever manages a server takes the bot in; with `server`, that one and no other."""
    asked = {"client_id": application, "scope": " ".join(SCOPES), "permissions": str(BITS)}
    if server is not None:
        asked |= {"guild_id": server, "disable_guild_select": "true"}
    return "https://discord.com/oauth2/authorize?" + urlencode(asked)


def missing(granted: int, wanted: Iterable[Permission] = PERMISSIONS) -> list[Permission]:
    return [one for one in wanted if not granted & one.bit]


def described(permissions: Iterable[Permission]) -> str:
    """Their names with what each is for, as people read them."""
    return listed(
        say("{permission} ({purpose})", permission=say(one.name), purpose=say(one.purpose)) for one in permissions
    )


# ── what is granted; servers, members and channels as Discord's JSON has them ──


def granted(server: Mapping[str, Any], member: Mapping[str, Any], channel: Mapping[str, Any] | None = None) -> int:
    """What a member may do in a server, or in one of its channels."""
    roles = {role["id"]: int(role["permissions"]) for role in server["roles"]}
    own = {server["id"], *member["roles"]}  # the server's id is also that of everyone's role
    bits = 0
    for role in own:
        bits |= roles.get(role, 0)
    if bits & _ADMINISTRATOR or server["owner_id"] == member["user"]["id"]:
        return _ALL
    if channel is not None:
        bits = _overwritten(bits, channel, own, everyone=server["id"], member=member["user"]["id"])
    return bits & _LEFT_IN_TIMEOUT if member.get("communication_disabled_until") else bits


def _overwritten(bits: int, channel: Mapping[str, Any], own: set[str], everyone: str, member: str) -> int:
    """First what is said of everyone, then of the member's other roles together, then of the member."""
    said = {one["id"]: (int(one["allow"]), int(one["deny"])) for one in channel.get("permission_overwrites", ())}
    for whom in ({everyone}, own - {everyone}, {member}):
        of_these = [said[id] for id in whom if id in said]
        for _, denied in of_these:
            bits &= ~denied
        for allowed, _ in of_these:
            bits |= allowed
    return bits if bits & VIEW.bit else 0
