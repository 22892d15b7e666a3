"""How the pretended Slack reaches an app over sockets, and what it does when nobody acknowledges."""

import asyncio
import socket

import aiohttp
import pytest

from tests.fakes.pretended_slack.app import Hearing, client_of, connected
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_what_is_not_acknowledged_comes_three_times_more(slack: FakeSlack, ann: Person, general: Channel) -> None:
    ann.slack.deliveries.pace.ack = 0.3
    async with connected(slack, Hearing(slack, deaf=True).app):
        await ann.post(general, "hello?")
        await slack.settled()
    lost = slack.deliveries.all[0]
    assert (lost.attempts, lost.lost, lost.reasons) == (4, True, ["timeout"] * 4)


async def test_a_lost_acknowledgement_brings_the_event_again_with_its_number(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    ann.slack.deliveries.pace.ack = 0.3
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
    with pytest.raises(AssertionError, match="still on their way"):
        await slack.settled(0.1)
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


async def test_an_envelope_whose_bot_died_goes_to_the_next_one(slack: FakeSlack, ann: Person, general: Channel) -> None:
    opened = await client_of(slack).apps_connections_open(app_token=slack.app_token)
    async with aiohttp.ClientSession() as session:
        dying = await session.ws_connect(opened["url"])
        await dying.receive_json()
        await ann.post(general, "hello")
        assert (await dying.receive_json())["payload"]["event"]["text"] == "hello"
        # As after kill -9: the kernel closes the connection, and nobody says goodbye.
        dying.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    there = Hearing(slack)
    async with connected(slack, there.app):
        await slack.settled()
    assert there.retries == ["1"]
    assert slack.deliveries.all[0].reasons == ["connection_failed"]


async def test_nothing_is_lost_while_connections_come_and_go(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    sockets, wanted = slack.deliveries.sockets, [f"m{number}" for number in range(40)]
    for number, text in enumerate(wanted):
        await ann.post(general, text)
        if number % 10 == 5:
            before = sockets.connections
            await slack.disconnect([None, "warning", "refresh_requested", None][number // 10])
            await slack.until(lambda before=before: sockets.connections > before)
    await slack.settled()
    assert {one["text"] for one in hearing.events("message")} == set(wanted)
    assert not [one for one in slack.deliveries.all if one.lost]


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
