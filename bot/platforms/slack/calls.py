"""Slack's payloads of commands, presses, dialogs and shortcuts as the desk's calls.

Owns what is read out of them. Calls nothing.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from bot.chat.commands.asked import Call
from bot.chat.events import ChannelSeen, MemberSeen, Posted, WorkspaceSeen
from bot.importers.slack_markup import plain
from bot.platforms.slack.blocks import press_of, value_of
from bot.platforms.slack.forms import Opened
from bot.platforms.slack.mrkdwn import by_hand
from bot.platforms.slack.payloads import when

Body = Mapping[str, Any]

_UNNAMED = ("directmessage", "privategroup")  # what Slack calls every channel of that kind
_NOTATION = re.compile(r"<([^<>]*)>")
_MEMBER = re.compile(r"<@([A-Za-z0-9]+)(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#([A-Za-z0-9]+)(?:\|([^<>]*))?>")


def of_command(body: Body) -> Call:
    return Call(
        WorkspaceSeen("slack", body["team_id"], body.get("team_domain") or ""),
        MemberSeen(body["user_id"], body.get("user_name") or ""),
        channel(body["channel_id"], body.get("channel_name")),
    )


def of_press(body: Body) -> Call:
    """A button or menu of a message."""
    place, on = body.get("channel") or {}, body.get("container") or {}
    seen = channel(place["id"], place.get("name")) if place.get("id") else None
    return Call(_workspace(body), _member(body), seen, on.get("thread_ts"))


def of_dialog(body: Body, opened: Opened) -> Call:
    """A button, menu or form of a dialog or of the bot's own page."""
    seen = channel(opened.channel, opened.channel_name) if opened.channel else None
    return Call(_workspace(body), _member(body), seen, opened.thread)


def of_shortcut(body: Body) -> Call:
    """A shortcut on a message."""
    place, message = body["channel"], body["message"]
    posted = Posted(
        place["id"],
        message["ts"],
        message.get("user"),
        when(message["ts"]),
        plain(message.get("text") or "", {}),
        message.get("thread_ts"),
        edited_at=when(message["edited"]["ts"]) if message.get("edited") else None,
    )
    seen = channel(place["id"], place.get("name"))
    return Call(_workspace(body), _member(body), seen, message.get("thread_ts"), posted)


def of_page(body: Body) -> Call:
    """Someone who opened the bot's own page."""
    return Call(WorkspaceSeen("slack", body["team_id"], ""), MemberSeen(body["event"]["user"], ""))


def channel(id: str, name: str | None) -> ChannelSeen:
    return ChannelSeen(id, "" if name in _UNNAMED else name or "", id.startswith("D"))


def opened_from(call: Call) -> Opened:
    seen = call.channel
    return Opened(seen.id, seen.name, call.thread) if seen else Opened()


def pressed(action: Body) -> tuple[str, str]:
    """What a button or a menu does, and with what value."""
    chosen = action.get("selected_option") or {}
    return press_of(action["action_id"]), value_of(chosen.get("value") or action.get("value") or "")


def typed(text: str) -> str:
    """A command line as it was typed; channels and members stay as Slack marks them, for the desk to find."""
    parts: list[str] = []
    end = 0
    for found in _NOTATION.finditer(text):
        kept = _MEMBER.fullmatch(found[0]) or _CHANNEL.fullmatch(found[0])
        between = by_hand(html.unescape(text[end : found.start()]))
        parts += between, found[0] if kept else by_hand(plain(found[0], {}))
        end = found.end()
    return "".join([*parts, by_hand(html.unescape(text[end:]))])


def asked(question: str) -> tuple[str, list[MemberSeen]]:
    """A typed question as messages are: members by their ids, channels by their names; and those members."""
    people = [MemberSeen(found[1], found[2] or "") for found in _MEMBER.finditer(question)]
    text = _MEMBER.sub(lambda found: f"<@member:{found[1]}>", question)
    return _CHANNEL.sub(lambda found: f"#{found[2] or 'channel'}", text), people


def read_aloud(question: str) -> str:
    """A typed question as people read it, with nobody called."""
    text = _MEMBER.sub(lambda found: f"@{found[2] or '…'}", question)
    return _CHANNEL.sub(lambda found: f"#{found[2] or 'channel'}", text)


def _workspace(body: Body) -> WorkspaceSeen:
    team = body.get("team") or {}
    return WorkspaceSeen("slack", team.get("id") or body["user"]["team_id"], team.get("domain") or "")


def _member(body: Body) -> MemberSeen:
    user = body["user"]
    return MemberSeen(user["id"], user.get("name") or user.get("username") or "")
