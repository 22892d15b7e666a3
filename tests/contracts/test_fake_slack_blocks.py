"""What the pretended Slack accepts as blocks, seen through the real SDK's client."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ContextActionsBlock, FeedbackButtonObject, FeedbackButtonsElement, IconButtonElement

from tests.fakes.pretended_slack.app import client_of
from tests.fakes.slack import Channel, FakeSlack, Message


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more


def button(text: str = "Go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text)} | more


def options(count: int, value: str = "v") -> list[dict[str, Any]]:
    return [{"text": plain(f"o{number}"), "value": f"{value}{number}"} for number in range(count)]


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


FITS = {
    "header": {"type": "header", "text": plain("a" * 150)},
    "divider": {"type": "divider"},
    "section": section("a" * 3000),
    "fields": {"type": "section", "fields": [{"type": "mrkdwn", "text": "a" * 200}] * 10},
    "accessory": section(accessory=button(style="danger", value="v" * 2000, action_id="a" * 255)),
    "context": {"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}] * 10},
    "buttons": actions(*(button(action_id=f"b{number}") for number in range(25))),
    "menu": actions({"type": "static_select", "options": options(100), "initial_option": options(1)[0]}),
    "overflow": section(accessory={"type": "overflow", "options": options(5)}),
    "checkboxes": actions({"type": "checkboxes", "options": options(10)}),
    "field": {"type": "input", "label": plain("Note"), "element": {"type": "plain_text_input", "max_length": 200}},
    "markdown": {"type": "markdown", "text": "a" * 12_000},
    "image": {"type": "image", "image_url": "https://x.test/a.png", "alt_text": "a"},
}

WRONG = {
    "header too long": ({"type": "header", "text": plain("a" * 151)}, "less than 151", "/blocks/0/text/text"),
    "header in markup": (
        {"type": "header", "text": {"type": "mrkdwn", "text": "a"}},
        "unsupported type: mrkdwn",
        "/type",
    ),
    "section too long": (section("a" * 3001), "must be less than 3001 characters", "/blocks/0/text/text"),
    "section empty": ({"type": "section"}, "one of text or fields", "/blocks/0"),
    "text empty": (section(""), "more than 0 characters", "/blocks/0/text/text"),
    "eleven fields": ({"type": "section", "fields": [plain("a")] * 11}, "no more than 10", "/blocks/0/fields"),
    "unknown block": ({"type": "carpet"}, "unsupported type: carpet", "/blocks/0/type"),
    "unknown property": (section(colour="red"), "unknown property: colour", "/blocks/0"),
    "unknown element": (actions({"type": "lever"}), "unsupported type: lever", "/blocks/0/elements/0/type"),
    "button outside its place": (actions({"type": "plain_text_input"}), "unsupported type", "/elements/0/type"),
    "no elements": (actions(), "at least 1 item", "/blocks/0/elements"),
    "26 elements": (actions(*[button() for _ in range(26)]), "no more than 25 items", "/blocks/0/elements"),
    "11 in a context": ({"type": "context", "elements": [plain("a")] * 11}, "between 1 and 10", "/blocks/0/elements"),
    "button label": (actions(button("a" * 76)), "less than 76", "/blocks/0/elements/0/text/text"),
    "button value": (actions(button(value="a" * 2001)), "less than 2001", "/blocks/0/elements/0/value"),
    "button style": (actions(button(style="loud")), "primary, danger", "/blocks/0/elements/0/style"),
    "action_id": (actions(button(action_id="a" * 256)), "less than 256", "/blocks/0/elements/0/action_id"),
    "action_id twice": (
        actions(button(action_id="a"), button(action_id="a")),
        "already exists",
        "/elements/1/action_id",
    ),
    "block_id": (section(block_id="a" * 256), "less than 256", "/blocks/0/block_id"),
    "101 options": (actions({"type": "static_select", "options": options(101)}), "between 1 and 100", "/options"),
    "six in an overflow": (
        section(accessory={"type": "overflow", "options": options(6)}),
        "between 1 and 5",
        "/options",
    ),
    "option label": (
        actions({"type": "static_select", "options": [{"text": plain("a" * 76), "value": "v"}]}),
        "less than 76",
        "/options/0/text/text",
    ),
    "option value": (actions({"type": "static_select", "options": options(1, "v" * 150)}), "less than 151", "/value"),
    "initial option of another menu": (
        actions({"type": "static_select", "options": options(1), "initial_option": options(2)[1]}),
        "among the options",
        "/blocks/0/elements/0",
    ),
    "placeholder": (
        actions({"type": "users_select", "placeholder": plain("a" * 151)}),
        "less than 151",
        "/elements/0/placeholder/text",
    ),
    "confirmation": (actions(button(confirm={"title": plain("a")})), "missing required field: text", "/confirm"),
    "label": (
        {"type": "input", "label": plain("a" * 2001), "element": {"type": "plain_text_input"}},
        "less than 2001",
        "/blocks/0/label/text",
    ),
    "markdown too long": ({"type": "markdown", "text": "a" * 12_001}, "less than 12001", "/blocks/0/text"),
    "feedback in actions": (actions({"type": "feedback_buttons"}), "unsupported type: feedback_buttons", "/type"),
    "half a feedback": (
        {"type": "context_actions", "elements": [{"type": "feedback_buttons", "positive_button": {}}]},
        "missing required field: negative_button",
        "/blocks/0/elements/0",
    ),
}


async def post(slack: FakeSlack, channel: Channel, *blocks: Any) -> Message:
    posted = await client_of(slack).chat_postMessage(channel=channel.id, text="a", blocks=list(blocks))
    return channel.messages[posted["ts"]]


async def refusal(slack: FakeSlack, channel: Channel, *blocks: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as raised:
        await post(slack, channel, *blocks)
    return raised.value.response.data


@pytest.mark.parametrize("name", FITS)
async def test_what_just_fits_is_taken(slack: FakeSlack, general: Channel, name: str) -> None:
    posted = await post(slack, general, FITS[name])
    assert posted.blocks[0]["type"] == FITS[name]["type"]
    assert posted.blocks[0]["block_id"]


@pytest.mark.parametrize("name", WRONG)
async def test_what_does_not_fit_is_refused_where_it_stands(slack: FakeSlack, general: Channel, name: str) -> None:
    block, what, where = WRONG[name]
    said = await refusal(slack, general, block)
    assert said["error"] == "invalid_blocks"
    assert any(what in one and f"{where}]" in one for one in said["response_metadata"]["messages"]), said
    assert not general.messages


async def test_a_message_holds_fifty_blocks_and_each_has_its_own_name(slack: FakeSlack, general: Channel) -> None:
    assert len((await post(slack, general, *[section()] * 50)).blocks) == 50
    many = await refusal(slack, general, *[section()] * 51)
    assert "no more than 50 items allowed [json-pointer:/blocks]" in many["errors"]
    twins = await refusal(slack, general, section(block_id="one"), section(block_id="one"))
    assert "`block_id` one already exists [json-pointer:/blocks/1/block_id]" in twins["errors"]
    odd = client_of(slack).api_call("chat.postMessage", json={"channel": general.id, "text": "a", "blocks": "[{"})
    with pytest.raises(SlackApiError, match="invalid_blocks_format"):
        await odd


async def test_all_blocks_together_hold_thirteen_thousand_characters(slack: FakeSlack, general: Channel) -> None:
    assert await post(slack, general, *[section("a" * 2600)] * 5)
    assert (await refusal(slack, general, *[section("a" * 2601)] * 5))["error"] == "msg_blocks_too_long"


async def test_the_sdks_own_feedback_buttons_are_taken(slack: FakeSlack, general: Channel) -> None:
    good, bad = FeedbackButtonObject(text="Good", value="up"), FeedbackButtonObject(text="Bad", value="down")
    feedback = FeedbackButtonsElement(action_id="feedback", positive_button=good, negative_button=bad)
    remove = IconButtonElement(action_id="delete", icon="trash", text="Delete")
    posted = await post(slack, general, ContextActionsBlock(elements=[feedback, remove]))
    assert slack.rendered(posted) == "[Good] [Bad] [Delete]"
