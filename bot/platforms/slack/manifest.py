"""The app as Slack is told of it: scopes, events, the command, the shortcuts, the agent view.

Owns the one list of what the bot needs in Slack, which the doctor checks against. Calls nothing.
"""

from collections.abc import Sequence
from typing import Any, Literal

from bot.chat.commands.shortcuts import SHORTCUTS
from db.words import mark, say

Transport = Literal["socket", "http"]

COMMAND = "/yamabiko"
PATH = "/slack/events"  # commands, buttons and events come in at one address

# In the order of Slack's own page, each with its reason.
SCOPES: Sequence[str] = (
    "app_mentions:read",  # to hear that it is mentioned
    "assistant:write",  # suggested prompts in the agent view
    "channels:history",  # opened public channels: what is written there, and the threads it is asked in
    "channels:join",  # an admin who opens a public channel need not invite the bot by hand
    "channels:read",  # their names, and whether they are shared with another company
    "chat:write",  # replies, streams, "is thinking…", cards
    "commands",  # the command and the shortcuts
    "groups:history",  # the same for private channels it was invited to
    "groups:read",
    "im:history",  # direct messages to the bot
    "im:read",
    "im:write",  # notices to who asked for something
    "mpim:history",  # direct messages among several, when the bot is one of them
    "mpim:read",
    "reactions:read",  # thumbs under its replies
    "team:read",  # the workspace's name
    "users:read",  # people's names and languages
)

# Each event with the scope that Slack asks for before it sends it ("": none), and its reason.
EVENTS: Sequence[tuple[str, str]] = (
    ("app_home_opened", ""),  # to draw the home page, and to greet in the Messages tab
    ("app_mention", "app_mentions:read"),  # someone asks
    ("app_uninstalled", ""),  # to stop collecting
    ("channel_deleted", "channels:read"),  # a channel that is gone is gone here too
    ("channel_left", "channels:read"),  # the bot was thrown out of a channel
    ("channel_rename", "channels:read"),  # to call it by its name
    ("group_deleted", "groups:read"),  # the same for private channels
    ("group_left", "groups:read"),
    ("group_rename", "groups:read"),
    ("member_left_channel", "channels:read"),  # when it is the bot who left
    ("message.channels", "channels:history"),  # messages of opened channels, their edits and deletions
    ("message.groups", "groups:history"),
    ("message.im", "im:history"),  # who writes to the bot directly asks it
    ("message.mpim", "mpim:history"),
    ("reaction_added", "reactions:read"),  # thumbs
    ("reaction_removed", "reactions:read"),
    ("tokens_revoked", ""),  # to stop collecting
)

# What the agent view suggests; the message is what is sent.
PROMPTS: Sequence[tuple[str, str]] = (
    (mark("Who are you?"), mark("Who are you, and who taught you to speak?")),
    (mark("How was your week?"), mark("How was your week?")),
    (mark("Cheer me up"), mark("Say something that cheers me up.")),
)

LONGEST_NAME = 35
_COLOUR = "#2f5d50"


class ManifestRefused(Exception):
    """This manifest cannot be made; the message says why."""


def manifest(name: str, transport: Transport, url: str | None) -> dict[str, Any]:
    """The whole manifest, in the language spoken now. `url` is where Slack reaches the bot, for HTTP alone.

    Raises ManifestRefused.
    """
    if not 0 < len(name) <= LONGEST_NAME:
        raise ManifestRefused(say("The name of the app has from 1 to {most} characters.", most=LONGEST_NAME))
    address = _address(transport, url)
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": name,
            "description": say("Speaks as your community does, and learns only from those who agreed."),
            "background_color": _COLOUR,
        },
        "features": _features(name, address),
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**_reached("request_url", address), "bot_events": [name for name, _ in EVENTS]},
            "interactivity": {"is_enabled": True, **_reached("request_url", address)},
            "org_deploy_enabled": False,
            "socket_mode_enabled": transport == "socket",
            "token_rotation_enabled": False,
        },
    }


def _address(transport: Transport, url: str | None) -> str | None:
    if transport == "socket":
        return None
    if url is None or not url.startswith("https://"):
        raise ManifestRefused(
            say(
                'With [slack] transport "http" Slack must know the bot\'s public address: add '
                "--url https://… (the proxy before the bot)."
            )
        )
    return url.rstrip("/").removesuffix(PATH) + PATH


def _features(name: str, address: str | None) -> dict[str, Any]:
    return {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "agent_view": {
            "agent_description": say("Ask me something; I answer as this community speaks."),
            "suggested_prompts": prompts(),
        },
        "bot_user": {"display_name": name, "always_online": True},
        "shortcuts": [
            {"type": "message", "name": say(one.name), "callback_id": one.press, "description": say(one.does)}
            for one in SHORTCUTS
        ],
        "slash_commands": [
            {
                "command": COMMAND,
                **_reached("url", address),
                "description": say("Everything the bot does beside talking"),
                "usage_hint": say("help"),
                "should_escape": True,  # channels and members come with their ids
            }
        ],
    }


def prompts() -> list[dict[str, str]]:
    """What the agent view suggests, as Slack takes it."""
    return [{"title": say(title), "message": say(message)} for title, message in PROMPTS]


def _reached(key: str, address: str | None) -> dict[str, str]:
    return {key: address} if address else {}
