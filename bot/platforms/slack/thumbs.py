"""Reactions that judge what the bot posted.

Owns which reactions those are. Whether a post is a reply at all, whoever keeps thumbs knows.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.chat.events import MemberSeen, Thumbed
from bot.platforms.slack.payloads import Me

_UP = frozenset({"+1", "thumbsup", "heart", "heart_eyes", "tada", "clap", "raised_hands", "100"})
_DOWN = frozenset({"-1", "thumbsdown"})


class Thumbs:
    """Hands over the reactions to our posts, before they are acknowledged."""

    def __init__(self, me: Me, on_thumbed: Callable[[Thumbed], Awaitable[object]]) -> None:
        self._me, self._on_thumbed = me, on_thumbed

    async def hear(self, body: Mapping[str, Any]) -> None:
        event = body.get("event") or {}
        if event.get("type") in ("reaction_added", "reaction_removed") and (thumb := thumbed(event, self._me)):
            await self._on_thumbed(thumb)


def thumbed(event: Mapping[str, Any], me: Me) -> Thumbed | None:
    """A reaction as a thumb; None for those that judge nothing, and those on what others wrote."""
    item, reaction = event.get("item") or {}, str(event.get("reaction") or "")
    value = value_of(reaction)
    who, whose = event.get("user"), event.get("item_user")
    if value is None or item.get("type") != "message" or who in (None, me.user):
        return None
    if whose not in (None, "", me.user):  # Slack does not always say whose it is
        return None
    on = event["type"] == "reaction_added"
    channel, ref = str(item["channel"]), str(item["ts"])
    return Thumbed(me.workspace, channel, ref, MemberSeen(str(who), ""), value, on, reaction)


def value_of(reaction: str) -> int | None:
    """1, -1 or nothing, whatever the skin's colour."""
    name = reaction.partition("::")[0]
    return 1 if name in _UP else -1 if name in _DOWN else None
