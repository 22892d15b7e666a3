"""How the pretended Slack slows callers down, and breaks as it is told to."""

import asyncio

import pytest
from aiohttp import ServerDisconnectedError
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.pretended_slack.app import client_of, refused
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_calling_too_often_is_answered_with_how_long_to_wait(ann: Person, slack: FakeSlack) -> None:
    slack.limits.on, slack.limits.scale = True, 1.0
    for _ in range(20):
        await client_of(slack).users_list()
    with pytest.raises(SlackApiError) as raised:
        await client_of(slack).users_list()
    assert (raised.value.response["error"], raised.value.response.status_code) == ("ratelimited", 429)
    assert 1 <= int(raised.value.response.headers["Retry-After"]) <= 60
    slack.clock.advance(61)
    assert (await client_of(slack).users_list())["ok"]


async def test_a_method_can_have_a_limit_of_its_own(slack: FakeSlack, client: AsyncWebClient, general: Channel) -> None:
    slack.limits.on, slack.limits.scale, slack.limits.own = True, 1.0, {"conversations.history": 1}
    assert (await client.conversations_history(channel=general.id))["ok"]
    assert await refused(client.conversations_history(channel=general.id)) == "ratelimited"
    assert (await client.conversations_info(channel=general.id))["ok"]


async def test_one_message_a_second_and_channel_after_a_burst(slack: FakeSlack, general: Channel, ann: Person) -> None:
    slack.limits.on, slack.limits.scale = True, 1.0
    other = slack.channel("other", ann)
    for _ in range(5):
        await client_of(slack).chat_postMessage(channel=general.id, text="a")
    assert await refused(client_of(slack).chat_postMessage(channel=general.id, text="a")) == "ratelimited"
    assert (await client_of(slack).chat_postMessage(channel=other.id, text="a"))["ok"]
    slack.limits.scale = 0.01
    patient = client_of(slack)
    patient.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    assert (await patient.chat_postMessage(channel=general.id, text="a"))["ok"]


async def test_faults_happen_before_or_after_the_deed(
    slack: FakeSlack, client: AsyncWebClient, general: Channel
) -> None:
    client.retry_handlers.clear()
    slack.fault("chat.postMessage", status=429, retry_after=7)
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=general.id, text="a")
    assert raised.value.response.headers["Retry-After"] == "7"
    slack.fault("chat.postMessage", times=2, status=503)
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await client.chat_postMessage(channel=general.id, text="a")
    slack.fault("*", error="internal_error")
    assert await refused(client.chat_postMessage(channel=general.id, text="a")) == "internal_error"
    assert not general.messages
    slack.fault("chat.postMessage", drop_connection=True, after=True)
    with pytest.raises(ServerDisconnectedError):
        await client.chat_postMessage(channel=general.id, text="lost on its way back")
    assert [one.text for one in general.messages.values()] == ["lost on its way back"]
    slack.fault("auth.test", delay=5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.auth_test(), 0.1)
    assert (await client.auth_test())["ok"]


async def test_what_it_waits_for_and_does_not_come_is_told_with_what_there_is(
    slack: FakeSlack, ann: Person, general: Channel
) -> None:
    await ann.post(general, "well?")
    with pytest.raises(AssertionError, match=r"#general \(channel\)\nAnn: well\?"):
        await slack.until(lambda: slack.bot_posts(general), seconds=0.05)


async def test_in_an_outage_nobody_answers(slack: FakeSlack, client: AsyncWebClient) -> None:
    client.retry_handlers.clear()
    async with slack.outage():
        with pytest.raises(ServerDisconnectedError):
            await client.auth_test()
    assert (await client.auth_test())["ok"]
