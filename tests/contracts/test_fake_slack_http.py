"""The pretended Slack over signed requests, with real Bolt behind an address."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.models.views import View as SdkView

from tests.fakes.pretended_slack.app import Hearing
from tests.fakes.slack import Channel, FakeSlack, Person


@asynccontextmanager
async def listening(app: AsyncApp) -> AsyncGenerator[str]:
    """The app behind an address, by Bolt's own server."""
    async with serving(app.web_app("/slack/events")) as url:
        yield url


@asynccontextmanager
async def serving(server: web.Application) -> AsyncGenerator[str]:
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/slack/events"
    finally:
        await runner.cleanup()


async def test_over_http_everything_is_signed_and_arrives_the_same(
    slack: FakeSlack, ann: Person, general: Channel
) -> None:
    there = Hearing(slack)

    @there.app.command("/yamabiko")
    async def answer(ack: Any, client: Any, command: dict[str, str]) -> None:
        await ack(f"you said {command['text']}")
        await client.views_open(trigger_id=command["trigger_id"], view=a_view())

    @there.app.view("note")
    async def refuse(ack: Any) -> None:
        await ack(response_action="errors", errors={"note": "Not like this."})

    async with listening(there.app) as url:
        slack.deliver_to(url)
        assert await slack.verify_url()
        await ann.mention(general, "hello")
        await slack.settled()
        answered = await ann.slash("/yamabiko status now", general)
        assert answered.text == "you said status now"
        assert ann.modal
        assert await ann.submit(ann.modal, {"note": "x"}) == {"note": "Not like this."}
    assert {body["event"]["type"] for body in there.bodies} == {"message", "app_mention"}


async def test_over_http_a_wrong_secret_is_turned_away_and_tried_again(
    slack: FakeSlack, ann: Person, general: Channel
) -> None:
    there = Hearing(slack)
    async with listening(there.app) as url:
        slack.deliver_to(url, "another secret")
        await ann.post(general, "hello")
        await slack.settled()
        assert slack.deliveries.all[0].reasons == ["http_error"] * 4
        slack.deliver_to(url)
        await ann.post(general, "again")
        await slack.settled()
        body = json.dumps({"type": "url_verification", "challenge": "word"})
        async with aiohttp.ClientSession() as session:
            late = slack.sign(body, at=1_000_000_000)
            async with session.post(url, data=body, headers={"Content-Type": "application/json"} | late) as got:
                assert got.status == 401
    assert [one["text"] for one in there.events("message")] == ["again"]


async def test_over_http_an_app_may_ask_not_to_be_told_again(slack: FakeSlack, ann: Person, general: Channel) -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def refuse(asked: web.Request) -> web.Response:
        seen.append((asked.headers.get("x-slack-retry-num"), asked.headers.get("x-slack-retry-reason")))
        return web.Response(status=500, headers={"x-slack-no-retry": "1"} if len(seen) == 2 else {})

    server = web.Application()
    server.router.add_post("/slack/events", refuse)
    async with serving(server) as url:
        slack.deliver_to(url)
        await ann.post(general, "hello")
        await slack.settled()
    assert seen == [(None, None), ("1", "http_error")]


def a_view() -> SdkView:
    field = {"type": "plain_text_input", "action_id": "text"}
    block = {"type": "input", "block_id": "note", "label": {"type": "plain_text", "text": "Note"}, "element": field}
    return SdkView(type="modal", callback_id="note", title="Note", submit="Send", blocks=[block])
