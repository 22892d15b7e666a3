"""What the pretended Slack takes as a manifest, and that it then grants no more."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.pretended_slack.app import Hearing, refused
from tests.fakes.pretended_slack.manifest import complaints
from tests.fakes.slack import Channel, FakeSlack, Person


def manifest(**more: Any) -> dict[str, Any]:
    """A small whole one; `more` replaces its parts."""
    command = {"command": "/yamabiko", "description": "Talk", "usage_hint": "help", "should_escape": True}
    shortcut = {"name": "Approve", "type": "message", "callback_id": "approve", "description": "Approve"}
    prompts = [{"title": "Hello", "message": "Hello!"}]
    home = {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False}
    features = {
        "bot_user": {"display_name": "Yamabiko", "always_online": True},
        "app_home": home,
        "agent_view": {"agent_description": "Echoes", "suggested_prompts": prompts},
        "slash_commands": [command],
        "shortcuts": [shortcut],
    }
    whole = {
        "_metadata": {"major_version": 2},
        "display_information": {"name": "Yamabiko", "description": "An echo"},
        "features": features,
        "oauth_config": {"scopes": {"bot": ["chat:write", "app_mentions:read", "commands"]}},
        "settings": {
            "event_subscriptions": {"bot_events": ["app_mention", "app_home_opened"]},
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": True,
        },
    }
    return whole | more


def having(part: str, **more: Any) -> dict[str, Any]:
    """The small whole one with a part changed."""
    made = manifest()
    made[part] = made[part] | more
    return made


WRONG = {
    "unknown key": (manifest(colour="red"), "colour is unknown"),
    "no name": (manifest(display_information={}), "display_information.name is missing"),
    "long name": (manifest(display_information={"name": "a" * 36}), "display_information.name has 36 characters"),
    "short story": (
        having("display_information", long_description="too short"),
        "display_information.long_description has 9 characters, not 174 to 4000",
    ),
    "shortcut": (
        having("features", shortcuts=[{"name": "a" * 25, "type": "message", "callback_id": "a", "description": "a"}]),
        "features.shortcuts.name has 25 characters, not 1 to 24",
    ),
    "command": (
        having("features", slash_commands=[{"command": "yamabiko", "description": "a"}]),
        "yamabiko does not begin with /",
    ),
    "event": (having("settings", event_subscriptions={"bot_events": ["message.tea"]}), "there is no event message.tea"),
    "event without its scope": (
        having("settings", event_subscriptions={"bot_events": ["message.im"]}),
        "message.im needs the scope im:history",
    ),
    "scope": (manifest(oauth_config={"scopes": {"bot": ["commands", "tea:write"]}}), "there is no scope tea:write"),
    "commands without their scope": (
        manifest(oauth_config={"scopes": {"bot": ["app_mentions:read"]}}),
        "slash commands need the scope commands",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_manifest_is_refused_for_what_is_wrong_with_it(slack: FakeSlack, name: str) -> None:
    wrong, what = WRONG[name]
    assert any(what in one for one in complaints(wrong)), complaints(wrong)
    with pytest.raises(AssertionError, match="Slack refuses this manifest"):
        slack.install(wrong)


async def test_only_what_the_manifest_asks_for_is_granted_and_told(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel, hearing: Hearing
) -> None:
    slack.install(manifest())
    await ann.mention(general, "hello")
    await ann.react(await ann.post(general, "nobody hears this"), "heart")
    await ann.open_home()
    await slack.settled()
    assert [body["event"]["type"] for body in hearing.bodies] == ["app_mention", "app_home_opened"]
    assert await refused(client.users_list()) == "missing_scope"
    with pytest.raises(AssertionError, match="not a command"):
        await ann.slash("/other")
    with pytest.raises(AssertionError, match="no shortcut"):
        await ann.shortcut("other")
    guest = slack.person("Guest", team="T0OTHER")
    with pytest.raises(AssertionError, match="of another team"):
        await guest.slash("/yamabiko help")


async def test_tabs_and_buttons_are_there_only_if_they_are_enabled(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "elements": [button]}]
    posted = await client.chat_postMessage(channel=general.id, text="a", blocks=blocks)
    made = having("settings", interactivity={"is_enabled": False})
    made["features"] = made["features"] | {"app_home": {"home_tab_enabled": False, "messages_tab_enabled": False}}
    slack.install(made)
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    assert await refused(client.views_publish(user_id=ann.id, view=home)) == "not_enabled"
    assert await refused(client.chat_postMessage(channel=ann.id, text="a")) == "messages_tab_disabled"
    with pytest.raises(AssertionError, match="Messages tab"):
        await ann.dm("hello")
    with pytest.raises(AssertionError, match="Home tab"):
        await ann.open_home()
    with pytest.raises(AssertionError, match="interactivity"):
        await ann.press(general.messages[posted["ts"]], "go")
