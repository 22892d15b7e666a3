"""What is written in Slack's channels, as the neutral events of bot.chat.

Owns which of Slack's events tell of text, and who is a stranger. Of direct messages nothing is handed over but that
one is gone, or that a question has other words. Calls Slack only for names.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.chat.collecting.stored import named_in
from bot.chat.events import ChannelSeen, Erased, Event, Left, MemberSeen, Renamed, Reworded, Written
from bot.importers.slack_messages import posted, unspoken
from bot.platforms.slack.payloads import Me, Payload, asked, is_foreign, is_said
from bot.platforms.slack.people import People, Person

_PRIVATE = ("im", "mpim")
_GONE = ("channel_deleted", "group_deleted")
_RENAMED = ("channel_rename", "group_rename")
_THROWN_OUT = ("channel_left", "group_left")

Persons = Mapping[str, Person]


class Collected:
    """Hands over messages, edits, deletions, and that the bot was thrown out; returns when that is kept."""

    def __init__(self, me: Me, people: People, on_event: Callable[[Event], Awaitable[object]]) -> None:
        self._me, self._people, self._on_event = me, people, on_event

    async def hear(self, body: dict[str, Any]) -> None:
        event = body.get("event") or {}
        if event.get("type") == "message":
            await self._message(event, shared=bool(body.get("is_ext_shared_channel")))
        elif (told := happened(event, self._me)) is not None:
            await self._on_event(told)

    async def _message(self, event: Payload, *, shared: bool) -> None:
        channel = str(event.get("channel") or "")
        if (gone := erased(event)) is not None:  # what was asked in private goes with its message too
            await self._on_event(Erased(self._me.workspace, channel, [gone]))
            return
        message = said_in(event)
        if message is None:
            return
        if event.get("subtype") == "message_changed" and is_said(message, self._me):
            words = asked(message.get("text") or "", self._me)
            await self._on_event(Reworded(self._me.workspace, channel, str(message["ts"]), words))
        if event.get("channel_type") in _PRIVATE or channel.startswith("D"):
            return
        ids = people_of([message])
        known = {one: who for one, who in (await self._people.get(ids)).items() if isinstance(who, Person)}
        written = written_of(message, ChannelSeen(channel, ""), self._me, known, shared=shared)
        if written is not None:
            await self._on_event(written)


def happened(event: Payload, me: Me) -> Event | None:
    """What befell a channel or the bot itself; None for what is nothing to us."""
    kind, channel = event.get("type"), event.get("channel")
    if kind in _GONE and isinstance(channel, str):
        return Erased(me.workspace, channel)
    if kind in _RENAMED and isinstance(channel, Mapping):
        named = {str(key): str(value) for key, value in channel.items()}
        return Renamed(me.workspace, ChannelSeen(named.get("id", ""), named.get("name", "")))
    if kind in _THROWN_OUT and isinstance(channel, str):
        return Left(me.workspace, channel)
    if kind == "member_left_channel" and event.get("user") == me.user:
        return Left(me.workspace, str(channel))
    return Left(me.workspace) if _is_out(event, me) else None


def _is_out(event: Payload, me: Me) -> bool:
    revoked = (event.get("tokens") or {}).get("bot") or ()
    return event.get("type") == "app_uninstalled" or (event.get("type") == "tokens_revoked" and me.user in revoked)


def erased(event: Payload) -> str | None:
    """Which message is gone, or has not a word left; None where this event erases nothing."""
    if event.get("subtype") == "message_deleted":
        return str(event.get("deleted_ts") or "") or None
    changed = event.get("message") or {}
    if event.get("subtype") != "message_changed" or not changed.get("ts"):
        return None
    before = event.get("previous_message") or {}
    emptied = bool(changed.get("edited")) and not (changed.get("text") or "").strip() and bool(before.get("text"))
    return str(changed["ts"]) if emptied or changed.get("subtype") == "tombstone" else None


def said_in(event: Payload) -> dict[str, Any] | None:
    """The message that somebody wrote or edited; None where nobody did, as when Slack itself adds a link's title."""
    if event.get("subtype") == "message_changed":
        changed: dict[str, Any] = event.get("message") or {}
        return changed if changed.get("edited") and unspoken(changed) is None else None
    return dict(event) if unspoken(event) is None else None


def people_of(messages: Sequence[Payload]) -> set[str]:
    """Authors, and those they mention."""
    return {str(one["user"]) for one in messages} | {found for one in messages for found in named_in(_text_of(one))}


def _text_of(message: Payload) -> str:
    text = posted("", message, {})
    return "" if isinstance(text, str) else text.text


def written_of(
    message: Payload,
    channel: ChannelSeen,
    me: Me,
    known: Persons,
    *,
    shared: bool,
    names: Mapping[str, str] | None = None,
) -> Written | None:
    """A person's message; None where it has no words. `shared`: people of other workspaces may write there."""
    said = posted(channel.id, message, {})
    if isinstance(said, str):
        return None
    author = str(message["user"])
    known = {**known, me.user: Person(MemberSeen(me.user, me.name))}  # as it is mentioned: a name, and never an id
    who = known.get(author)
    return Written(
        me.workspace,
        channel,
        who.seen if who is not None else MemberSeen(author, ""),
        said,
        foreign=is_foreign(message, who, me.workspace, shared=shared),
        named=[known[one].seen for one in sorted(named_in([said.text])) if one in known],
    )
