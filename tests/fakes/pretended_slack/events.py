"""The payloads that Slack sends: events, commands, presses and submissions.

Owns their shapes. Knows no transport and decides nothing.
"""

import itertools
from typing import Any

from tests.fakes.pretended_slack.world import (
    APP,
    BOT_USER,
    TEAM,
    VERIFICATION,
    Channel,
    Ephemeral,
    Json,
    Message,
    Trigger,
    User,
    View,
    World,
)

_events = itertools.count(1)
_CHANNEL_NAMES = {"im": "directmessage", "group": "privategroup"}


def callback(event: Json, at: float, ext_shared: bool = False) -> Json:
    """An event in its wrapper, with an event_id of its own."""
    installed = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}
    return {
        "token": VERIFICATION,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{next(_events):08d}",
        "event_time": int(at),
        "authorizations": [installed | {"is_enterprise_install": False}],
        "is_ext_shared_channel": ext_shared,
        "event_context": "context",
    }


def posted(channel: Channel, message: Message) -> Json:
    event = channel.shown_message(message) | {"channel": channel.id, "channel_type": channel.kind}
    for key in ("reply_count", "latest_reply", "reply_users", "subscribed"):
        event.pop(key, None)
    if message.team != TEAM:
        event |= {"user_team": message.team, "source_team": message.team}
    return event | {"event_ts": message.ts}


def mentioned(channel: Channel, message: Message) -> Json:
    event = posted(channel, message) | {"type": "app_mention"}
    event.pop("channel_type")
    return event


def changed(channel: Channel, message: Json, before: Json, ts: str) -> Json:
    event = {"type": "message", "subtype": "message_changed", "hidden": True, "channel": channel.id, "ts": ts}
    return event | {"message": message, "previous_message": before, "event_ts": ts, "channel_type": channel.kind}


def deleted(channel: Channel, before: Json, ts: str) -> Json:
    event = {"type": "message", "subtype": "message_deleted", "hidden": True, "channel": channel.id, "ts": ts}
    event |= {"deleted_ts": before["ts"], "previous_message": before, "event_ts": ts, "channel_type": channel.kind}
    return event


def tombstone(before: Json) -> Json:
    """What is left of a message that had replies when it was deleted."""
    kept = {key: before[key] for key in ("ts", "thread_ts", "reply_count", "reply_users") if key in before}
    left = {"type": "message", "subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT"}
    return left | kept | {"hidden": True}


def reaction(channel: Channel, message: Message, user: str, name: str, ts: str, *, added: bool) -> Json:
    kind = "reaction_added" if added else "reaction_removed"
    item = {"type": "message", "channel": channel.id, "ts": message.ts}
    return {"type": kind, "user": user, "reaction": name, "item": item, "item_user": message.user, "event_ts": ts}


def membership(channel: Channel, user: str, ts: str, *, joined: bool) -> Json:
    event = {"type": "member_joined_channel" if joined else "member_left_channel", "user": user, "team": TEAM}
    return event | {"channel": channel.id, "channel_type": "C" if channel.kind == "channel" else "G", "event_ts": ts}


def home_opened(user: str, channel: Channel, tab: str, home: View | None, ts: str) -> Json:
    event: Json = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab, "event_ts": ts}
    return event | ({"view": home.shown()} if home and tab == "home" else {})


def _who(user: User) -> Json:
    handle = user.name.lower().replace(" ", ".")
    return {"id": user.id, "username": handle, "name": handle, "team_id": user.team}


def _common(kind: str, world: World, user: User, trigger: Trigger) -> Json:
    team = {"id": TEAM, "domain": world.team_domain}
    payload: Json = {"type": kind, "team": team, "user": _who(user), "api_app_id": APP, "token": VERIFICATION}
    return payload | {"trigger_id": trigger.id, "enterprise": None, "is_enterprise_install": False}


def _named(channel: Channel) -> Json:
    return {"id": channel.id, "name": _CHANNEL_NAMES.get(channel.kind, channel.name)}


def command(world: World, user: User, channel: Channel, text: str, trigger: Trigger, answer_at: str) -> Json:
    verb, _, rest = text.partition(" ")
    payload = {"token": VERIFICATION, "team_id": TEAM, "team_domain": world.team_domain, "channel_id": channel.id}
    payload |= {"channel_name": _named(channel)["name"], "user_id": user.id, "user_name": _who(user)["name"]}
    payload |= {"command": verb, "text": rest.strip(), "api_app_id": APP, "is_enterprise_install": "false"}
    return payload | {"response_url": answer_at, "trigger_id": trigger.id}


def pressed_on_message(
    world: World, user: User, channel: Channel, on: Message | Ephemeral, action: Json, trigger: Trigger, answer_at: str
) -> Json:
    ephemeral = isinstance(on, Ephemeral)
    container: Json = {"type": "message", "message_ts": on.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
    if on.thread_ts:
        container["thread_ts"] = on.thread_ts
    payload = _common("block_actions", world, user, trigger) | {"container": container, "channel": _named(channel)}
    if not ephemeral:
        payload["message"] = channel.shown_message(on)
    return payload | {"state": {"values": on.state}, "response_url": answer_at, "actions": [action]}


def pressed_on_view(world: World, user: User, view: View, action: Json, trigger: Trigger) -> Json:
    payload = _common("block_actions", world, user, trigger)
    payload |= {"container": {"type": "view", "view_id": view.id}, "view": view.shown()}
    return payload | {"actions": [action]}


def submitted(world: World, user: User, view: View, trigger: Trigger) -> Json:
    return _common("view_submission", world, user, trigger) | {"view": view.shown(), "response_urls": []}


def closed(world: World, user: User, view: View, trigger: Trigger, cleared: bool) -> Json:
    payload = _common("view_closed", world, user, trigger) | {"view": view.shown(), "is_cleared": cleared}
    payload.pop("trigger_id")
    return payload


def shortcut(
    world: World, user: User, callback_id: str, trigger: Trigger, on: tuple[Channel, Message, str] | None
) -> Json:
    kind = "message_action" if on else "shortcut"
    payload: dict[str, Any] = _common(kind, world, user, trigger) | {"callback_id": callback_id}
    payload["action_ts"] = world.ts()
    if on:
        channel, message, answer_at = on
        payload |= {"channel": _named(channel), "message": channel.shown_message(message), "message_ts": message.ts}
        payload["response_url"] = answer_at
    return payload
