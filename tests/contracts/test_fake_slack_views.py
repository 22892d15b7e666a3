"""Dialogs and home tabs of the pretended Slack, with real Bolt answering."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import FakeSlack, Person, View

OPTIONS = [{"text": {"type": "plain_text", "text": name.title()}, "value": name} for name in ("echo", "reed")]
MENU = {"type": "static_select", "action_id": "persona", "options": OPTIONS}
NOTE = {"type": "plain_text_input", "action_id": "note", "max_length": 20}
GROUNDS = {"type": "checkboxes", "action_id": "grounds", "options": OPTIONS}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, action: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(label), "action_id": action} | more


def dialog(title: str = "Retrain", **more: Any) -> dict[str, Any]:
    blocks = [
        {"type": "input", "block_id": "who", "label": plain("Persona"), "element": MENU, "dispatch_action": True},
        {"type": "input", "block_id": "why", "label": plain("Note"), "element": NOTE},
        {"type": "input", "block_id": "which", "label": plain("Grounds"), "element": GROUNDS, "optional": True},
    ]
    view = {
        "type": "modal",
        "callback_id": "retrain",
        "title": plain(title),
        "submit": plain("Start"),
        "blocks": blocks,
    }
    return view | more


def home(text: str, *elements: Any) -> dict[str, Any]:
    actions = [{"type": "actions", "elements": list(elements)}] if elements else []
    return {"type": "home", "blocks": [section(text), *actions]}


def opens(app: AsyncApp, view: dict[str, Any]) -> None:
    @app.command("/yamabiko")
    async def open_it(ack: Any, client: Any, body: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)


async def opened(ann: Person) -> View:
    answered = await ann.slash("/yamabiko retrain")
    await answered.until_answered()
    assert ann.modal is answered.views[0]
    return ann.modal


async def test_a_trigger_opens_one_dialog_within_three_seconds(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, app: AsyncApp
) -> None:
    async def refusal(trigger: str) -> str:
        with pytest.raises(SlackApiError) as raised:
            await client.views_open(trigger_id=trigger, view=dialog())
        return raised.value.response["error"]

    opens(app, dialog())
    view = await opened(ann)
    assert await refusal(view.trigger) == "exchanged_trigger_id"
    assert await refusal("made up") == "invalid_trigger_id"
    late = slack.world.trigger(ann.id)
    slack.clock.advance(3.1)
    assert await refusal(late.id) == "expired_trigger_id"


async def test_a_dialog_is_filled_in_and_sent(slack: FakeSlack, ann: Person, app: AsyncApp) -> None:
    heard: list[dict[str, Any]] = []

    @app.view("retrain")
    async def take(ack: Any, view: dict[str, Any]) -> None:
        await ack()
        heard.append(view)

    opens(app, dialog(private_metadata="C1"))
    view = await opened(ann)
    assert await ann.submit(view, {"persona": "reed"}) == {"why": "Please complete this required field."}
    assert await ann.submit(view, {"note": "a" * 21}) == {"why": "Must be at most 20 characters."}
    assert not heard
    assert await ann.submit(view, {"note": "because", "which": ["Echo", "reed"]}) is None
    values = heard[0]["state"]["values"]
    assert values["who"]["persona"]["selected_option"]["value"] == "reed"
    assert values["why"]["note"]["value"] == "because"
    assert [one["value"] for one in values["which"]["grounds"]["selected_options"]] == ["echo", "reed"]
    assert heard[0]["private_metadata"] == "C1"
    assert ann.modal is None


async def test_an_app_answers_a_submission_with_errors_or_another_view(ann: Person, app: AsyncApp) -> None:
    said: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"why": "Say more."}},
        {"response_action": "update", "view": dialog("Again")},
        {"response_action": "push", "view": dialog("On top")},
        {"response_action": "clear"},
    ]

    @app.view("retrain")
    async def answer(ack: Any) -> None:
        await ack(**said.pop(0))

    opens(app, dialog())
    view = await opened(ann)
    assert await ann.submit(view, {"persona": "echo", "note": "a"}) == {"why": "Say more."}
    assert await ann.submit(view) is None
    assert (view.title, view.state["why"]["note"]["value"]) == ("Again", "a")
    assert await ann.submit(view) is None
    assert ann.modal
    assert (ann.modal.title, ann.modal.previous) == ("On top", view.id)
    assert await ann.submit(ann.modal, {"persona": "echo", "note": "a"}) is None
    assert ann.modal is None


async def test_a_submission_that_nobody_takes_tells_of_trouble(ann: Person, app: AsyncApp) -> None:
    opens(app, dialog())
    view = await opened(ann)
    ann.slack.deliveries.pace.ack = 0.3
    errors = await ann.submit(view, {"persona": "echo", "note": "a"})
    assert errors == {"": "We had some trouble connecting. Try again?"}
    assert ann.modal is view


async def test_choosing_in_a_dialog_is_told_and_the_dialog_can_change(ann: Person, app: AsyncApp) -> None:
    @app.action("persona")
    async def chosen(ack: Any, client: Any, body: dict[str, Any]) -> None:
        await ack()
        name = body["actions"][0]["selected_option"]["value"]
        held = body["view"]["state"]["values"]["who"]["persona"]["selected_option"]["value"]
        new = dialog(f"Retrain {name}/{held}")
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=new)

    opens(app, dialog())
    view = await opened(ann)
    await ann.choose(view, "persona", "reed")
    await ann.slack.until(lambda: view.title == "Retrain reed/reed")
    assert view.state["who"]["persona"]["selected_option"]["value"] == "reed"


async def test_a_dialog_closes_with_a_word_if_it_asked_for_one(ann: Person, app: AsyncApp) -> None:
    heard: list[str] = []

    @app.view_closed("retrain")
    async def closed(ack: Any, view: dict[str, Any]) -> None:
        await ack()
        heard.append(view["id"])

    opens(app, dialog(notify_on_close=True))
    view = await opened(ann)
    await ann.close(view)
    assert heard == [view.id]
    assert ann.modal is None


async def test_views_are_refused_for_what_is_wrong_with_them(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, app: AsyncApp
) -> None:
    opens(app, dialog())
    view = await opened(ann)

    async def refusal(**wrong: Any) -> str:
        with pytest.raises(SlackApiError) as raised:
            await client.views_update(view_id=view.id, view=dialog() | wrong)
        assert raised.value.response["error"] == "invalid_arguments"
        return raised.value.response["response_metadata"]["messages"][0]

    assert "less than 25 characters [json-pointer:/view/title/text]" in await refusal(title=plain("a" * 25))
    assert "less than 25 characters [json-pointer:/view/submit/text]" in await refusal(submit=plain("a" * 25))
    assert "less than 25 characters [json-pointer:/view/close/text]" in await refusal(close=plain("a" * 25))
    assert "less than 3001 characters" in await refusal(private_metadata="a" * 3001)
    assert "no more than 100 items allowed" in await refusal(blocks=[section("a")] * 101)
    assert "must be a text object [json-pointer:/view/submit]" in await refusal(submit=None)
    assert "unsupported type: markdown" in await refusal(blocks=[{"type": "markdown", "text": "a"}])
    assert "unknown property: colour" in await refusal(colour="red")
    assert "must be of type modal" in await refusal(type="home")
    without = {key: value for key, value in dialog().items() if key != "submit"}
    with pytest.raises(SlackApiError, match="submit is required when an input block is within blocks"):
        await client.views_update(view_id=view.id, view=without)
    with pytest.raises(SlackApiError, match="not_found"):
        await client.views_update(view_id="V404", view=dialog())
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=view.id, hash="old", view=dialog())


async def test_a_dialog_can_be_found_by_a_name_of_its_own(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, app: AsyncApp
) -> None:
    opens(app, dialog(external_id="run-7"))
    view = await opened(ann)
    await client.views_update(external_id="run-7", view=dialog("Done", external_id="run-7"))
    assert view.title == "Done"
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        await client.views_open(trigger_id=slack.world.trigger(ann.id).id, view=dialog(external_id="run-7"))


async def test_dialogs_stand_three_deep(slack: FakeSlack, client: AsyncWebClient, ann: Person, app: AsyncApp) -> None:
    opens(app, dialog())
    await opened(ann)
    for title in ("Second", "Third"):
        await client.views_push(trigger_id=slack.world.trigger(ann.id).id, view=dialog(title))
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await client.views_push(trigger_id=slack.world.trigger(ann.id).id, view=dialog("Fourth"))
    assert ann.modal
    assert ann.modal.title == "Third"


async def test_a_home_tab_has_buttons_and_versions(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, app: AsyncApp
) -> None:
    @app.event("app_home_opened")
    async def show(client: Any, event: dict[str, Any]) -> None:
        await client.views_publish(user_id=event["user"], view=home("Runs: 0", button("Promote", "promote")))

    @app.action("promote")
    async def promote(ack: Any, client: Any, body: dict[str, Any]) -> None:
        await ack()
        new = home("Live: 1")
        await client.views_publish(user_id=body["user"]["id"], hash=body["view"]["hash"], view=new)

    await ann.open_home()
    await slack.until(lambda: ann.home)
    first = ann.home
    assert first
    assert slack.rendered(first).splitlines() == ["┌ home", "│ Runs: 0", "│ [Promote]", "└"]
    old = first.hash
    await ann.press(first, "Promote")
    await slack.until(lambda: "Live" in slack.rendered(first))
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_publish(user_id=ann.id, hash=old, view=home("late"))
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.views_publish(user_id="U404", view=home("a"))
    assert len(slack.homes_published) == 2


async def test_a_dialog_can_be_read_by_a_person(slack: FakeSlack, ann: Person, app: AsyncApp) -> None:
    opens(app, dialog(close=plain("Leave")))
    view = await opened(ann)
    assert slack.rendered(view).splitlines() == [
        "┌ Retrain",
        "│ Persona: [… ▾ of Echo / Reed]",
        "│ Note: […]",
        "│ Grounds (optional): ( ) Echo ( ) Reed",
        "└ [Leave] [Start]",
    ]
