"""What Slack accepts as an app's manifest, and what it asks for.

Owns the manifest's keys and lengths, as far as this app uses them. Knows nothing of what the app then does.
"""

from dataclasses import dataclass, field

from tests.fakes.pretended_slack.happenings import EVENTS
from tests.fakes.pretended_slack.world import Json

SCOPES = frozenset(
    {"app_mentions:read", "assistant:write", "chat:write", "chat:write.customize", "commands", "files:read"}
    | {"channels:history", "channels:join", "channels:manage", "channels:read", "groups:history", "groups:read"}
    | {"groups:write", "im:history", "im:read", "im:write", "mpim:history", "mpim:read"}
    | {"reactions:read", "reactions:write", "team:read", "users:read"}
)
# Which keys each part may have; those that end in "!" it must have.
KEYS = {
    "": "_metadata display_information! features! oauth_config! settings!",
    "_metadata": "major_version minor_version",
    "display_information": "name! description long_description background_color",
    "features": "app_home agent_view bot_user! shortcuts slash_commands unfurl_domains",
    "features.app_home": "home_tab_enabled messages_tab_enabled messages_tab_read_only_enabled",
    "features.agent_view": "agent_description! suggested_prompts",
    "features.bot_user": "display_name! always_online",
    "oauth_config": "scopes! redirect_urls",
    "oauth_config.scopes": "bot user",
    "settings": "event_subscriptions interactivity org_deploy_enabled socket_mode_enabled token_rotation_enabled "
    "allowed_ip_address_ranges is_hosted function_runtime",
    "settings.event_subscriptions": "bot_events user_events request_url",
    "settings.interactivity": "is_enabled! request_url message_menu_options_url",
}
LISTED = {
    "features.slash_commands": "command! description! usage_hint should_escape url",
    "features.shortcuts": "name! type! callback_id! description!",
    "features.agent_view.suggested_prompts": "title! message!",
}
LENGTHS = {
    "display_information.name": (1, 35),
    "display_information.description": (1, 140),
    "display_information.long_description": (174, 4000),
    "features.bot_user.display_name": (1, 80),
    "features.agent_view.agent_description": (1, 300),
    "features.slash_commands.command": (2, 32),
    "features.slash_commands.description": (1, 2000),
    "features.slash_commands.usage_hint": (1, 1000),
    "features.shortcuts.name": (1, 24),
    "features.shortcuts.callback_id": (1, 255),
    "features.shortcuts.description": (1, 150),
}


@dataclass
class Installed:
    """What the app may and hears once it is installed; None: whatever there is."""

    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    events: set[str] | None = None
    commands: dict[str, Json] | None = None
    shortcuts: dict[str, Json] | None = None
    home_tab: bool = True
    messages_tab: bool = True
    interactive: bool = True


def installed(manifest: Json) -> Installed:
    wrong = complaints(manifest)
    assert not wrong, "Slack refuses this manifest: " + "; ".join(wrong)
    features, settings = manifest["features"], manifest["settings"]
    home = features.get("app_home", {})
    read_only = home.get("messages_tab_read_only_enabled", False)
    return Installed(
        set(manifest["oauth_config"]["scopes"].get("bot", [])),
        set(settings.get("event_subscriptions", {}).get("bot_events", [])),
        {one["command"]: one for one in features.get("slash_commands", [])},
        {one["callback_id"]: one for one in features.get("shortcuts", [])},
        home.get("home_tab_enabled", False),
        home.get("messages_tab_enabled", False) and not read_only,
        settings.get("interactivity", {}).get("is_enabled", False),
    )


def complaints(manifest: Json) -> list[str]:
    """What Slack's page would say against it; nothing: it is taken."""
    found: list[str] = []
    for path, keys in KEYS.items():
        part = _at(manifest, path)
        if isinstance(part, dict):
            found += _against(part, keys, path)
    for path, keys in LISTED.items():
        for part in _at(manifest, path) or []:
            found += _against(part, keys, path)
    if not found:
        found += _against_names(manifest)
    return found


def _against(part: Json, keys: str, path: str) -> list[str]:
    known = {key.rstrip("!"): key.endswith("!") for key in keys.split()}
    at = f"{path}." if path else ""
    found = [f"{at}{key} is unknown" for key in part if key not in known]
    found += [f"{at}{key} is missing" for key, must in known.items() if must and key not in part]
    for key, value in part.items():
        least, most = LENGTHS.get(f"{at}{key}", (0, 10**9))
        if isinstance(value, str) and not least <= len(value) <= most:
            found.append(f"{at}{key} has {len(value)} characters, not {least} to {most}")
    return found


def _against_names(manifest: Json) -> list[str]:
    """Scopes and events that do not exist, and events whose scope was not asked for."""
    scopes = set(_at(manifest, "oauth_config.scopes.bot") or [])
    events = set(_at(manifest, "settings.event_subscriptions.bot_events") or [])
    found = [f"there is no scope {one}" for one in sorted(scopes - SCOPES)]
    found += [f"there is no event {one}" for one in sorted(events - EVENTS.keys())]
    found += [f"{one} needs the scope {EVENTS[one]}" for one in sorted(events & EVENTS.keys()) if _lacks(one, scopes)]
    commands = _at(manifest, "features.slash_commands") or []
    found += [f"{one['command']} does not begin with /" for one in commands if not one["command"].startswith("/")]
    if commands and "commands" not in scopes:
        found.append("slash commands need the scope commands")
    if _at(manifest, "features.shortcuts") and "commands" not in scopes:
        found.append("shortcuts need the scope commands")
    return found


def _lacks(event: str, scopes: set[str]) -> bool:
    return bool(EVENTS[event]) and EVENTS[event] not in scopes


def _at(manifest: Json, path: str) -> object:
    part: object = manifest
    for key in path.split(".") if path else []:
        part = part.get(key) if isinstance(part, dict) else None
    return part
