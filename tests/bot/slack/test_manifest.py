"""The manifest: complete for what the room calls and hears, and nothing that Slack does not know."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.platforms.slack import manifest as module
from bot.platforms.slack.manifest import EVENTS, SCOPES, ManifestRefused, manifest, prompts
from db.words import LANGUAGES, speaking
from tests.fakes.command_line import Run
from tests.fakes.pretended_slack.happenings import EVENTS as NEEDS
from tests.fakes.pretended_slack.methods import METHODS
from tests.fakes.slack import FakeSlack

ROOM = Path(module.__file__).parent
SOURCE = "\n".join(file.read_text(encoding="utf-8") for file in sorted(ROOM.glob("*.py")))
_FAMILIES = "api|apps|assistant|auth|bots|chat|conversations|reactions|team|users|views"
STREAM = {"chat_stream"}  # the SDK's own helper, of start, append and stop


def methods_called() -> set[str]:
    """As the SDK calls them: `chat_postMessage` is chat.postMessage."""
    known = {name.replace(".", "_"): name for name in METHODS}
    called = set(re.findall(rf"\.((?:{_FAMILIES})_\w+)\(", SOURCE)) - STREAM
    assert called <= known.keys(), f"the fake Slack knows no {sorted(called - known.keys())}"
    return {known[name] for name in called}


def events_heard() -> set[str]:
    """Types of events that stand in the room's code, as it compares them or gives them to Bolt."""
    types = {name.partition(".")[0] for name in NEEDS}
    code = "\n".join(file.read_text(encoding="utf-8") for file in ROOM.glob("*.py") if file.name != "manifest.py")
    return {name for name in types if f'"{name}"' in code}


def test_every_method_the_room_calls_has_one_of_its_scopes() -> None:
    called = methods_called()
    assert "chat.postMessage" in called
    for name in called:
        wanted = METHODS[name].scopes
        assert not wanted or set(wanted) & set(SCOPES), f"{name} needs one of {wanted}"


def test_the_events_subscribed_are_those_the_room_listens_to() -> None:
    assert events_heard() == {name.partition(".")[0] for name, _ in EVENTS}


def test_every_event_has_the_scope_that_slack_asks_for() -> None:
    for name, scope in EVENTS:
        assert not scope or scope in SCOPES, name
        assert NEEDS[name] == scope, name


def test_scopes_and_events_stand_once_and_in_order() -> None:
    assert list(SCOPES) == sorted(set(SCOPES))
    names = [name for name, _ in EVENTS]
    assert names == sorted(set(names))


async def test_an_app_made_from_it_works_in_slack() -> None:
    async with FakeSlack.running() as slack:
        slack.install(manifest("Yamabiko", "socket", None))
        assert slack.commands is not None
        assert "/yamabiko" in slack.commands
        assert slack.shortcuts is not None
        assert set(slack.shortcuts) == {"approve_message", "leave_out_message", "ask_about"}


def test_over_socket_mode_it_names_no_address() -> None:
    made = manifest("Yamabiko", "socket", None)
    assert made["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(made)


@pytest.mark.parametrize(
    "url", ["https://bot.example.com", "https://bot.example.com/", "https://bot.example.com/slack/events"]
)
def test_over_http_commands_buttons_and_events_come_in_at_one_address(url: str) -> None:
    made = manifest("Yamabiko", "http", url)
    there = "https://bot.example.com/slack/events"
    settings = made["settings"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["request_url"] == there
    assert settings["interactivity"]["request_url"] == there
    assert [one["url"] for one in made["features"]["slash_commands"]] == [there]


@pytest.mark.parametrize("url", [None, "", "http://bot.example.com", "bot.example.com"])
def test_over_http_it_wants_an_address_that_slack_takes(url: str | None) -> None:
    with pytest.raises(ManifestRefused, match="--url https"):
        manifest("Yamabiko", "http", url)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_read_fits_where_slack_shows_it(language: str) -> None:
    with speaking(language):
        made = manifest("Yamabiko", "socket", None)
    features = made["features"]
    assert len(made["display_information"]["description"]) <= 140
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in features["shortcuts"])
    assert all(len(one["description"]) <= 2000 and len(one["usage_hint"]) <= 1000 for one in features["slash_commands"])
    assert 1 <= len(prompts()) <= 4


@pytest.mark.parametrize("name", ["", "y" * 36])
def test_a_name_that_slack_would_refuse_is_refused_here(name: str) -> None:
    with pytest.raises(ManifestRefused, match="35"):
        manifest(name, "socket", None)


def test_channels_and_members_come_with_their_ids() -> None:
    assert all(one["should_escape"] for one in manifest("Yamabiko", "socket", None)["features"]["slash_commands"])


def test_the_shell_prints_it_and_nothing_else_on_standard_output(yamabiko: Run) -> None:
    status, output, errors = yamabiko("manifest", "slack", "--name", "Echo")
    assert status == 0
    assert json.loads(output) == manifest("Echo", "socket", None)
    assert "api.slack.com/apps" in errors


def test_a_link_begins_the_app_with_it(yamabiko: Run) -> None:
    status, output, _ = yamabiko("manifest", "slack", "--link")
    asked = parse_qs(urlsplit(output.strip()).query)
    assert status == 0
    assert json.loads(asked["manifest_json"][0]) == manifest("Yamabiko", "socket", None)


def test_the_shell_says_what_http_needs(yamabiko: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAMABIKO_SLACK__TRANSPORT", "http")
    status, output, errors = yamabiko("manifest", "slack")
    assert (status, output) == (1, "")
    assert "--url https://" in " ".join(errors.split())
    assert yamabiko("manifest", "slack", "--url", "https://bot.example.com")[0] == 0


def test_another_network_has_none_yet(yamabiko: Run) -> None:
    assert yamabiko("manifest", "teams")[0] == 2
