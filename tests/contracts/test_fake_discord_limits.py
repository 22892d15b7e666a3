"""How often the pretended Discord may be asked, and how it breaks on demand."""

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
import discord
import pytest

from tests.fakes.discord import Channel, FakeDiscord
from tests.fakes.pretended_discord.app import Hearing, pointed_at, refused


@pytest.fixture
async def town() -> AsyncGenerator[FakeDiscord]:
    """With its limits on."""
    async with FakeDiscord.running(scale=0.02) as running:
        yield running


@pytest.fixture
async def client(town: FakeDiscord) -> AsyncGenerator[Hearing]:
    """Logged in; no gateway."""
    with pointed_at(town):
        made = Hearing()
        await made.login(town.token)
        yield made
        await made.close()


def room(client: Hearing, channel: Channel) -> discord.PartialMessageable:
    return client.get_partial_messageable(int(channel.id))


async def test_five_messages_in_five_seconds_and_no_more(town: FakeDiscord, square: Channel) -> None:
    headers = {"Authorization": f"Bot {town.token}"}
    link = f"{town.api}/channels/{square.id}/messages"
    async with aiohttp.ClientSession(headers=headers) as session:
        for left in (4, 3, 2, 1, 0):
            async with session.post(link, json={"content": "a"}) as answer:
                assert answer.status == 200
                assert answer.headers["X-RateLimit-Remaining"] == f"{left}"
                assert answer.headers["Content-Type"] == "application/json"
        async with session.post(link, json={"content": "a"}) as answer:
            body = await answer.json()
            assert (answer.status, body["global"], answer.headers["X-RateLimit-Scope"]) == (429, False, "user")
            assert answer.headers["Via"]
        other = town.channel("other")
        async with session.post(f"{town.api}/channels/{other.id}/messages", json={"content": "a"}) as answer:
            assert answer.status == 200, "each channel by itself"
        await asyncio.sleep(body["retry_after"])
        async with session.post(link, json={"content": "a"}) as answer:
            assert answer.status == 200
    assert (town.limits.refused, town.invalid_requests) == (1, 1)


async def test_the_library_waits_by_itself(town: FakeDiscord, client: Hearing, square: Channel) -> None:
    await asyncio.gather(*(room(client, square).send(f"{number}") for number in range(12)))
    assert len(square.messages) == 12
    assert town.limits.refused <= 1, "before it has heard of a limit it may run into it"


async def test_fifty_a_second_of_everything(town: FakeDiscord) -> None:
    town.limits.scale = 1.0
    headers = {"Authorization": f"Bot {town.token}"}
    people = [town.person(f"P{number}") for number in range(60)]
    async with aiohttp.ClientSession(headers=headers) as session:
        channels = [town.world.dm_with(one.id) for one in people]
        answers = [await session.get(f"{town.api}/channels/{one.id}") for one in channels]
    assert [answer.status for answer in answers] == [200] * 50 + [429] * 10
    assert answers[-1].headers["X-RateLimit-Global"] == "true"
    assert (await answers[-1].json())["global"]


async def test_a_refusal_for_speed_is_waited_out(town: FakeDiscord, client: Hearing, square: Channel) -> None:
    for scope in ("user", "shared", "global"):
        town.fault("POST /channels/*/messages", status=429, retry_after=0.02, scope=scope)
        await room(client, square).send(scope)
    assert [one.content for one in square.messages.values()] == ["user", "shared", "global"]
    assert len(town.called("POST /channels/{channel}/messages")) == 6
    assert town.invalid_requests == 2, "what others caused does not count"


async def test_what_was_asked_for_goes_wrong(town: FakeDiscord, client: Hearing, square: Channel) -> None:
    town.fault("POST /channels/{channel}/messages", status=403, code=50013)
    assert await refused(room(client, square).send("a")) == (403, 50013)
    town.fault("*", drop_connection=True)
    with pytest.raises(aiohttp.ClientError):
        await room(client, square).send("a")
    town.fault("*", status=503)
    with pytest.raises(discord.DiscordServerError):
        await room(client, square).send("a")
    assert not square.messages
    town.fault("*", delay=0.05)
    before = asyncio.get_running_loop().time()
    await room(client, square).send("late")
    assert asyncio.get_running_loop().time() - before >= 0.05
    assert not town.faults.waiting


async def test_an_answer_is_lost_after_the_deed(town: FakeDiscord, client: Hearing, square: Channel) -> None:
    town.fault("POST /channels/*/messages", drop_connection=True, after=True)
    with pytest.raises(aiohttp.ClientError):
        await room(client, square).send("once", nonce="n")
    await room(client, square).send("once", nonce="n")
    assert [one.content for one in square.messages.values()] == ["once"]


async def test_the_fakes_own_mistakes_fail_the_test() -> None:
    async def break_it() -> None:
        async with FakeDiscord.running() as town:
            del town.world.app
            async with aiohttp.ClientSession() as session:
                await session.get(f"{town.api}/users/@me")

    with pytest.raises(AssertionError, match="the pretended Discord broke"):
        await break_it()
