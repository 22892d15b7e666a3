"""The pretended Slack at a terminal, with real Bolt behind it."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from tests.fakes.pretended_slack.console import HELP, Console
from tests.fakes.slack import FakeSlack


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


DIALOG = {
    "type": "modal",
    "callback_id": "note",
    "title": plain("A note"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": plain("Note"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


async def test_a_developer_talks_presses_and_sends(slack: FakeSlack, app: AsyncApp) -> None:
    console = Console(slack)
    button = {"type": "button", "action_id": "go", "text": plain("Go on")}

    @app.event("app_mention")
    async def answer(event: dict[str, Any], client: Any) -> None:
        blocks = [{"type": "actions", "elements": [button]}]
        await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="Go?", blocks=blocks)

    @app.event("message")
    async def ignore() -> None: ...

    @app.action("go")
    async def open_it(ack: Any, client: Any, body: dict[str, Any]) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=DIALOG)

    @app.view("note")
    async def take(ack: Any, client: Any, view: dict[str, Any]) -> None:
        await ack()
        said = view["state"]["values"]["note"]["text"]["value"]
        await client.chat_postMessage(channel=console.general.id, text=f"You said {said}.")

    assert f"Ann: <@{slack.bot_user}> good morning" in await console.obey("ann: @ good morning")
    await slack.until(lambda: "[Go on]" in console.shown())
    assert "nothing to press that is called Stop" in await console.obey("ann presses Stop")
    await console.obey("ann presses Go on")
    await slack.until(lambda: "┌ A note" in console.shown())
    assert "Please complete this required field." in await console.obey("ann sends")
    await console.obey("ann sends note = hello")
    await slack.until(lambda: "You said hello." in console.shown())
    assert "Ann: in private" in await console.obey("ann > in private")
    assert await console.obey("ann whistles") == HELP
    slack.deliveries.pace.ack = 0.1
    assert await console.obey("bob /unknown") == "  operation_timeout"
