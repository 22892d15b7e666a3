"""Slack's payloads as the neutral events of bot.chat.

Owns what is read out of them. Calls nothing.
"""

import re
from datetime import UTC, datetime
from typing import Any

from bot.chat.events import ChannelSeen, MemberSeen, Mention, WorkspaceSeen
from bot.importers.slack_markup import plain

_CALL = re.compile(r"^\s*<@[A-Z0-9]+(?:\|[^>]*)?>[\s:,、]*")


def mention(body: dict[str, Any]) -> Mention:
    event = body["event"]
    return Mention(
        workspace=WorkspaceSeen("slack", body["team_id"], ""),
        channel=ChannelSeen(event["channel"], ""),
        author=MemberSeen(event["user"], ""),
        id=event["ts"],
        text=plain(_CALL.sub("", event["text"]), {}),
        at=when(event["ts"]),
        thread=event.get("thread_ts") or event["ts"],
    )


def when(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
