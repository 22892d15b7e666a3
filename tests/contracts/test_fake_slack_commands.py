"""Commands, presses and shortcuts of the pretended Slack, with real Bolt answering."""

from typing import Any

import pytest
from aiohttp import ServerDisconnectedError
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.fakes.slack import Channel, FakeSlack, Person


def button(label: str, action: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": action} | more


async def test_a_command_carries_who_where_and_what(
    slack: FakeSlack, ann: Person, general: Channel, app: AsyncApp
) -> None:
    heard: list[dict[str, Any]] = []

    @app.command("/yamabiko")
    async def answer(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        heard.append(command)
        await ack("At once.")
        await respond("Later.")

    answered = await ann.slash("/yamabiko ask what is on?", general)
    await slack.until(lambda: len(answered.ephemerals) == 2)
    assert (heard[0]["text"], heard[0]["user_id"], heard[0]["channel_id"]) == ("ask what is on?", ann.id, general.id)
    # Bolt sends its acknowledgement when the listener has gone on: the two may cross.
    assert {one.text: one.via for one in answered.ephemerals} == {"At once.": "ack", "Later.": "response_url"}
    assert answered.error is None
    assert answered.took is not None


async def test_names_in_a_command_are_escaped_if_the_manifest_says_so(
    slack: FakeSlack, ann: Person, general: Channel, app: AsyncApp
) -> None:
    heard: list[str] = []

    @app.command("/yamabiko")
    async def answer(ack: Any, command: dict[str, Any]) -> None:
        await ack()
        heard.append(command["text"])

    slack.commands = {"/yamabiko": {"command": "/yamabiko", "should_escape": True}}
    await ann.slash("/yamabiko block @Ann in #general", general)
    assert heard == [f"block <@{ann.id}|ann> in <#{general.id}|general>"]


async def test_a_command_that_nobody_acknowledges_fails_before_its_person(ann: Person, app: AsyncApp) -> None:
    ann.slack.deliveries.pace.ack = 0.3
    answered = await ann.slash("/yamabiko status")
    assert answered.error == "operation_timeout"
    assert answered.delivery.attempts == 1


async def test_a_command_with_no_bot_there_fails_at_once(slack: FakeSlack, ann: Person) -> None:
    answered = await ann.slash("/yamabiko status")
    assert answered.error == "dispatch_failed"


async def test_a_response_url_serves_five_times_within_half_an_hour(
    slack: FakeSlack, ann: Person, general: Channel, app: AsyncApp
) -> None:
    @app.command("/yamabiko")
    async def answer(ack: Any) -> None:
        await ack()

    answered = await ann.slash("/yamabiko", general)
    url = AsyncWebhookClient(answered.delivery.payload["response_url"])
    assert (await url.send(text="open", response_type="in_channel")).status_code == 200
    assert (await url.send(text="")).status_code == 400
    assert (await url.send_dict({"text": "a", "colour": "red"})).status_code == 400
    assert [(await url.send(text="private")).status_code for _ in range(4)] == [200] * 4
    last = await url.send(text="private")
    assert (last.status_code, "used_url" in last.body) == (404, True)
    assert [one.text for one in slack.bot_posts(general)] == ["open"]
    assert len(answered.ephemerals) == 4
    other = await ann.slash("/yamabiko", general)
    slack.clock.advance(1801)
    late = await AsyncWebhookClient(other.delivery.payload["response_url"]).send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_a_response_url_can_fail_like_anything_else(
    slack: FakeSlack, ann: Person, general: Channel, app: AsyncApp
) -> None:
    @app.command("/yamabiko")
    async def answer(ack: Any) -> None:
        await ack()

    answered = await ann.slash("/yamabiko", general)
    url = AsyncWebhookClient(answered.delivery.payload["response_url"], retry_handlers=[])
    slack.fault("response_url", status=500)
    assert (await url.send(text="first")).status_code == 500
    slack.fault("response_url", drop_connection=True, after=True)
    with pytest.raises(ServerDisconnectedError):
        await url.send(text="second")
    assert [one.text for one in answered.ephemerals] == ["second"]


async def test_an_answer_may_replace_or_delete_what_was_pressed(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel, app: AsyncApp
) -> None:
    @app.action("more")
    async def replace(ack: Any, respond: Any) -> None:
        await ack()
        await respond("More.", replace_original=True)

    @app.action("gone")
    async def delete(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    blocks = [{"type": "actions", "elements": [button("More", "more"), button("Gone", "gone")]}]
    posted = await client.chat_postMessage(channel=general.id, text="a", blocks=blocks)
    message = general.messages[posted["ts"]]
    pressed = await ann.press(message, "More")
    await slack.until(lambda: message.text == "More.")
    assert pressed.responses
    await client.chat_postEphemeral(channel=general.id, user=ann.id, text="b", blocks=blocks)
    await ann.press(ann.ephemerals[0], "gone")
    await slack.until(lambda: not ann.ephemerals)
    bob = slack.person("Bob")
    await client.chat_postEphemeral(channel=general.id, user=ann.id, text="b", blocks=blocks)
    with pytest.raises(AssertionError, match="Bob does not see this"):
        await bob.press(ann.ephemerals[0], "gone")
    with pytest.raises(AssertionError, match="nothing called 'less'"):
        await ann.press(ann.ephemerals[0], "less")


async def test_feedback_is_pressed_by_its_label(
    client: AsyncWebClient, ann: Person, general: Channel, app: AsyncApp
) -> None:
    heard: list[str] = []

    @app.action("feedback")
    async def hear(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        heard.append(action["value"])

    good = {"text": {"type": "plain_text", "text": "👍"}, "value": "up"}
    bad = {"text": {"type": "plain_text", "text": "👎"}, "value": "down"}
    feedback = {"type": "feedback_buttons", "action_id": "feedback", "positive_button": good, "negative_button": bad}
    blocks = [{"type": "context_actions", "elements": [feedback]}]
    posted = await client.chat_postMessage(channel=general.id, text="a", blocks=blocks)
    await ann.press(general.messages[posted["ts"]], "👎")
    await ann.press(general.messages[posted["ts"]], "feedback", "up")
    assert heard == ["down", "up"]


async def test_a_press_says_which_button_on_which_message(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel, app: AsyncApp
) -> None:
    heard: list[dict[str, Any]] = []

    @app.action("choose")
    async def chosen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        heard.append(body)

    elements = [button("One", "choose", value="1"), button("Two", "choose", value="2")]
    # One action_id may stand in several blocks, and is told apart by its value.
    blocks = [{"type": "actions", "elements": [one]} for one in elements]
    asked = await ann.post(general, "well?")
    posted = await client.chat_postMessage(channel=general.id, thread_ts=asked.ts, text="a", blocks=blocks)
    await ann.press(general.messages[posted["ts"]], "choose", "2")
    action, container = heard[0]["actions"][0], heard[0]["container"]
    assert (action["value"], action["text"]["text"]) == ("2", "Two")
    assert (container["message_ts"], container["thread_ts"], container["is_ephemeral"]) == (
        posted["ts"],
        asked.ts,
        False,
    )
    assert heard[0]["message"]["text"] == "a"
    assert heard[0]["response_url"].startswith(slack.url)


async def test_shortcuts_on_a_message_carry_it(ann: Person, general: Channel, app: AsyncApp) -> None:
    heard: list[dict[str, Any]] = []

    @app.shortcut("approve")
    async def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        heard.append(body)
        await respond("Approved.")

    said = await ann.post(general, "a good line")
    answered = await (await ann.shortcut("approve", said)).until_answered()
    assert (heard[0]["type"], heard[0]["message"]["text"]) == ("message_action", "a good line")
    assert heard[0]["channel"]["id"] == general.id
    assert answered.text == "Approved."
