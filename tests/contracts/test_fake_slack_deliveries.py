"""How the pretended Slack reaches an app: real Bolt over sockets and over signed requests."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.models.views import View as SdkView

from tests.fakes.slack import Channel, FakeSlack, Person
from tests.fakes.slack_app import app_of, client_of, connected
from tests.fakes.slack_deliveries import Pace


@pytest.fixture
async def slack() -> AsyncGenerator[FakeSlack]:
    async with FakeSlack.running(limits=False, pace=Pace(ack=0.3, again=(0.0, 0.05, 0.1))) as running:
        yield running


@pytest.fixture
def ann(slack: FakeSlack) -> Person:
    return slack.person("Ann")


@pytest.fixture
def general(slack: FakeSlack, ann: Person) -> Channel:
    return slack.channel("general", ann)


class Hearing:
    """An app that writes down what it hears; `deaf`: it hears nothing, and acknowledges nothing."""

    def __init__(self, slack: FakeSlack, deaf: bool = False) -> None:
        self.app = app_of(slack)
        self.bodies: list[dict[str, Any]] = []
        self.retries: list[str | None] = []
        if not deaf:
            for kind in ("message", "app_mention", "reaction_added", "reaction_removed", "app_home_opened"):
                self.app.event(kind)(self._hear)
            for kind in ("app_uninstalled", "tokens_revoked", "member_joined_channel", "channel_archive"):
                self.app.event(kind)(self._hear)

    async def _hear(self, body: dict[str, Any], req: AsyncBoltRequest) -> None:
        self.bodies.append(body)
        self.retries.append(req.headers.get("x-slack-retry-num", [None])[0])

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [body["event"] for body in self.bodies if body["event"]["type"] == kind]


@pytest.fixture
async def hearing(slack: FakeSlack) -> AsyncGenerator[Hearing]:
    there = Hearing(slack)
    async with connected(slack, there.app):
        yield there


async def test_a_mention_comes_twice_under_one_ts(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    said = await ann.mention(general, "hello")
    await slack.settled()
    assert {body["event"]["type"] for body in hearing.bodies} == {"message", "app_mention"}
    assert {body["event"]["ts"] for body in hearing.bodies} == {said.ts}
    assert len({body["event_id"] for body in hearing.bodies}) == 2
    assert all(one.ack and one.attempts == 1 for one in slack.deliveries.all)


async def test_direct_messages_edits_and_deletions_are_told(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    await ann.dm("in private")
    said = await ann.post(general, "first")
    await ann.edit(said, "second")
    await ann.delete(said)
    await slack.settled()
    private, plain, edit, deletion = sorted(hearing.events("message"), key=lambda one: one["event_ts"])
    assert (private["channel_type"], private["channel"]) == ("im", ann.im.id)
    assert plain["text"] == "first"
    assert (edit["subtype"], edit["message"]["text"], edit["previous_message"]["text"]) == (
        "message_changed",
        "second",
        "first",
    )
    assert (deletion["subtype"], deletion["deleted_ts"]) == ("message_deleted", said.ts)
    assert not general.messages


async def test_a_deleted_message_with_replies_leaves_a_tombstone(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    root = await ann.post(general, "root")
    await ann.post(general, "reply", root)
    await ann.delete(root)
    await slack.settled()
    change = max(hearing.events("message"), key=lambda one: one["event_ts"])
    assert (change["subtype"], change["message"]["subtype"]) == ("message_changed", "tombstone")
    assert change["previous_message"]["text"] == "root"


async def test_reactions_home_and_membership_are_told(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    said = await ann.post(general, "hello")
    await ann.react(said, "heart")
    await ann.unreact(said, "heart")
    await ann.open_home()
    await ann.open_messages()
    random = slack.channel("random", ann, bot=False)
    await ann.post(random, "nobody hears this")
    await ann.invite_bot(random)
    await ann.archive(random)
    await slack.settled()
    assert hearing.events("reaction_added")[0]["item"] == {"type": "message", "channel": general.id, "ts": said.ts}
    assert hearing.events("reaction_removed")[0]["user"] == ann.id
    assert {one["tab"] for one in hearing.events("app_home_opened")} == {"home", "messages"}
    assert hearing.events("member_joined_channel")[0]["user"] == slack.bot_user
    assert hearing.events("channel_archive")[0]["channel"] == random.id
    assert [one["text"] for one in hearing.events("message")] == ["hello"]


async def test_a_guest_of_another_team_is_marked(slack: FakeSlack, ann: Person, hearing: Hearing) -> None:
    guest = slack.person("Guest", team="T0OTHER")
    shared = slack.channel("shared", ann, guest, ext_shared=True)
    await guest.post(shared, "from outside")
    await slack.settled()
    assert hearing.bodies[0]["is_ext_shared_channel"]
    assert hearing.events("message")[0]["user_team"] == "T0OTHER"


async def test_uninstalling_tells_the_app_and_then_nothing_more(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    await client_of(slack).auth_test()
    await ann.post(general, "before")
    await slack.settled()
    slack.uninstall()
    await ann.post(general, "after")
    await slack.until(lambda: len(slack.sent("app_uninstalled")) == 1)
    await slack.settled()
    assert len(hearing.events("app_uninstalled")) == 1
    assert len(hearing.events("tokens_revoked")) == 1
    assert [one["text"] for one in hearing.events("message")] == ["before"]


async def test_only_what_the_manifest_asks_for_is_told(slack: FakeSlack, ann: Person, hearing: Hearing) -> None:
    slack.install(
        {
            "features": {"slash_commands": [{"command": "/yamabiko"}], "shortcuts": [{"callback_id": "ask"}]},
            "oauth_config": {"scopes": {"bot": ["chat:write", "app_mentions:read", "channels:history"]}},
            "settings": {"event_subscriptions": {"bot_events": ["app_mention", "message.groups"]}},
        }
    )
    general, secret = slack.channel("general", ann), slack.channel("secret", ann, private=True)
    await ann.mention(general, "hello")
    await ann.post(secret, "the scope for this is missing")
    await slack.settled()
    assert [body["event"]["type"] for body in hearing.bodies] == ["app_mention"]
    with pytest.raises(AssertionError, match="not a command"):
        await ann.slash("/other")
    with pytest.raises(AssertionError, match="no shortcut"):
        await ann.shortcut("other")
    with pytest.raises(AssertionError, match=r"Slack sends no \['message.im.sent'\]"):
        slack.install({"features": {}, "settings": {"event_subscriptions": {"bot_events": ["message.im.sent"]}}})


async def test_what_is_not_acknowledged_comes_three_times_more(slack: FakeSlack, ann: Person, general: Channel) -> None:
    async with connected(slack, Hearing(slack, deaf=True).app):
        await ann.post(general, "hello?")
        await slack.settled()
    lost = slack.deliveries.all[0]
    assert (lost.attempts, lost.lost, lost.reasons) == (4, True, ["timeout"] * 4)


async def test_a_lost_acknowledgement_brings_the_event_again_with_its_number(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    slack.lose_acks(2)
    await ann.post(general, "hello")
    await slack.settled()
    assert hearing.retries == ["0", "1", "2"]
    assert len({body["event_id"] for body in hearing.bodies}) == 1
    assert slack.deliveries.all[0].ack


async def test_events_can_be_doubled_and_delayed(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    slack.duplicate_events(1)
    await ann.post(general, "twice")
    await ann.post(general, "once")
    await slack.settled()
    assert sorted(one["text"] for one in hearing.events("message")) == ["once", "twice", "twice"]
    slack.delay_deliveries(0.2)
    await ann.post(general, "late")
    await asyncio.sleep(0.05)
    assert "late" not in [one["text"] for one in hearing.events("message")]
    await slack.settled()
    assert "late" in [one["text"] for one in hearing.events("message")]


async def test_events_wait_for_a_connection(slack: FakeSlack, ann: Person, general: Channel) -> None:
    await ann.post(general, "is anybody there?")
    await asyncio.sleep(0.1)
    there = Hearing(slack)
    async with connected(slack, there.app):
        await slack.settled()
    assert there.retries == ["1"]


@pytest.mark.parametrize("reason", [None, "warning", "refresh_requested"])
async def test_a_bot_comes_back_after_a_disconnect_and_misses_nothing(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing, reason: str | None
) -> None:
    before = slack.deliveries.sockets.connections
    await ann.post(general, "before")
    await slack.disconnect(reason)
    await ann.post(general, "after")
    await slack.until(lambda: slack.deliveries.sockets.connections > before)
    await slack.settled()
    assert {one["text"] for one in hearing.events("message")} == {"before", "after"}
    assert all(one.ack for one in slack.deliveries.all)


async def test_no_one_is_let_in_while_connections_are_refused(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    before = slack.deliveries.sockets.connections
    async with slack.refusing_connections():
        await slack.disconnect()
        await ann.post(general, "meanwhile")
        await asyncio.sleep(0.3)
        assert slack.deliveries.sockets.connections == before
    await slack.until(lambda: hearing.events("message"))
    assert slack.deliveries.sockets.connections > before


async def test_each_envelope_goes_to_one_of_several_sockets(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    second = Hearing(slack)
    async with connected(slack, second.app):
        for number in range(6):
            await ann.post(general, f"m{number}")
        await slack.settled()
    assert (len(hearing.bodies), len(second.bodies)) == (3, 3)


async def test_a_ticket_lets_in_once(slack: FakeSlack) -> None:
    opened = await client_of(slack).apps_connections_open(app_token=slack.app_token)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(opened["url"]) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(opened["url"])


async def test_the_eleventh_socket_sends_the_first_away(slack: FakeSlack) -> None:
    async with aiohttp.ClientSession() as session:
        sockets = []
        for _ in range(11):
            opened = await client_of(slack).apps_connections_open(app_token=slack.app_token)
            sockets.append(await session.ws_connect(opened["url"]))
            await sockets[-1].receive_json()
        farewell = await sockets[0].receive_json()
        assert (farewell["type"], farewell["reason"]) == ("disconnect", "too_many_websockets")
        assert len(slack.deliveries.sockets.ready()) == 10


@asynccontextmanager
async def listening(app: AsyncApp) -> AsyncGenerator[str]:
    """The app behind an address, by Bolt's own server."""
    runner = web.AppRunner(app.web_app("/slack/events"))
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


def a_view() -> SdkView:
    field = {"type": "plain_text_input", "action_id": "text"}
    block = {"type": "input", "block_id": "note", "label": {"type": "plain_text", "text": "Note"}, "element": field}
    return SdkView(type="modal", callback_id="note", title="Note", submit="Send", blocks=[block])
