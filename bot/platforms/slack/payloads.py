"""Slack's payloads as the neutral events of bot.chat.

Owns what is read out of them. Calls nothing.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.chat.events import ChannelSeen, MemberSeen, Mention, Posted, WorkspaceSeen
from bot.importers.slack_markup import plain
from bot.platforms.slack.people import Person

Payload = Mapping[str, Any]
Known = Mapping[str, Person | ChannelSeen]

_SAID = (None, "file_share", "thread_broadcast", "me_message")  # subtypes that a person's words come under
_MEMBER = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot is, as auth.test tells."""

    user: str
    bot: str
    workspace: WorkspaceSeen
    name: str = ""


def is_said(message: Payload, me: Me) -> bool:
    """Whether a person wrote this, and not a bot, Slack itself, or us."""
    who = message.get("user")
    return (
        message.get("subtype") in _SAID
        and not message.get("bot_id")
        and not message.get("hidden")
        and bool(who)
        and who not in (me.user, "USLACKBOT")
    )


def asks(event: Payload, me: Me) -> bool:
    """Whether this event asks for a reply: a mention anywhere, or words in a direct message."""
    if event.get("type") not in ("app_mention", "message") or not is_said(event, me) or event.get("edited"):
        return False
    if event.get("channel_type") == "im":
        return bool(asked(event.get("text") or "", me))
    return event["type"] == "app_mention" or me.user in _MEMBER.findall(event.get("text") or "")


def people_in(event: Payload, me: Me) -> set[str]:
    """The author and everybody who is mentioned."""
    return {str(event["user"]), *_MEMBER.findall(event.get("text") or "")} - {me.user}


def mention(event: Payload, me: Me, known: Known) -> Mention:
    author = known.get(event["user"])
    return Mention(
        workspace=me.workspace,
        channel=place(event["channel"], known, direct=event.get("channel_type") == "im"),
        author=member(event["user"], known),
        id=event["ts"],
        text=asked(event.get("text") or "", me),
        at=when(event["ts"]),
        thread=event.get("thread_ts") or event["ts"],
        people=tuple(member(one, known) for one in sorted(people_in(event, me) - {event["user"]})),
        foreign=is_foreign(event, author if isinstance(author, Person) else None, me.workspace),
    )


def is_foreign(message: Payload, who: Person | None, ours: WorkspaceSeen, *, shared: bool = False) -> bool:
    """Whether someone of another workspace wrote it; where that cannot be known (`shared`), we must not keep it."""
    teams: Collection[str] = {str(one) for key in ("user_team", "source_team", "team") if (one := message.get(key))}
    if teams - {ours.id} or (who is not None and who.foreign):
        return True
    is_known = bool(teams) or (who is not None and bool(who.seen.name))
    return shared and not is_known


def asked(text: str, me: Me) -> str:
    """A message's text as people read it, without the bot's own mention wherever it stands."""
    called = rf"<@{me.user}(?:\|[^>]*)?>"
    text = re.sub(rf"^\s*{called}[\s:,、，]*", "", text)
    return plain(re.sub(rf"[^\S\n]*{called}", "", text), {}).strip()


def posted(message: Payload, channel: str, me: Me) -> Posted:
    """A message as the chat rooms know it; mentions of the bot stay away."""
    ts, edited = str(message["ts"]), message.get("edited") or {}
    return Posted(
        channel=channel,
        id=ts,
        author=str(message["user"]) if message.get("user") else None,
        at=when(ts),
        text=asked(message.get("text") or "", me),
        thread=message.get("thread_ts"),
        edited_at=when(edited["ts"]) if edited.get("ts") else None,
    )


def place(channel: str, known: Known, *, direct: bool = False) -> ChannelSeen:
    found = known.get(channel)
    return found if isinstance(found, ChannelSeen) else ChannelSeen(channel, "", direct)


def member(user: str, known: Known) -> MemberSeen:
    found = known.get(user)
    return found.seen if isinstance(found, Person) else MemberSeen(user, "")


def when(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
