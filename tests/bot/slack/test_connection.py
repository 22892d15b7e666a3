"""The connection to Slack: what is acknowledged when, and what happens when it breaks."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.chat.keeping import Pauses
from db.session import Sessions
from tests.fakes.in_slack import InSlack, in_slack
from tests.fakes.pretended_slack import events
from tests.fakes.pretended_slack.deliveries import Pace
from tests.fakes.slack import FakeSlack


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(pace=Pace(ack=3.0, again=(0.1, 0.2, 0.3))) as running:
        yield running


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_what_could_not_be_kept_is_not_acknowledged_and_comes_again(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, transport: str
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sqlite_sessions, tmp_path, slack, transport=transport) as bot:
        taken, failures = bot.router._taken, iter(range(2))

        async def fails_at_first(mention):
            if next(failures, None) is not None:
                raise OSError("the disk is full")
            return await taken(mention)

        bot.router._taken = fails_at_first
        await ann.mention(general, "hello")
        await bot.done()
        await slack.settled()
        assert len(slack.bot_posts(general)) == 1
        assert max(one.attempts for one in slack.deliveries.all) > 1
        assert not any(one.lost for one in slack.deliveries.all)


async def test_what_nobody_listens_to_is_acknowledged(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack):
        strange = slack.deliveries.emit(events.callback({"type": "dnd_updated_user", "user": "U1"}, slack.clock.now()))
        await slack.settled()
        assert strange.ack is not None
        assert strange.attempts == 1


@pytest.mark.parametrize("reason", [None, "warning", "refresh_requested"])
async def test_a_connection_that_ends_is_followed_by_another(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, reason: str | None
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        await ann.mention(general, "before")
        await slack.disconnect(reason)
        await ann.mention(general, "after")
        found = await bot.done(2)
        assert [one.status for one in found] == ["done", "done"]
        assert len(slack.bot_posts(general)) == 2


async def test_a_slack_that_sends_each_connection_away_is_not_called_in_a_hot_loop(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    pauses = Pauses(first=30.0)
    async with in_slack(sqlite_sessions, tmp_path, slack, pauses=pauses) as bot:
        for _ in range(20):
            if bot.keeper.standing().trouble:
                break
            await slack.disconnect("refresh_requested", grace=0.0)
            await asyncio.sleep(0.1)
        opened = slack.deliveries.sockets.connections
        assert bot.keeper.standing().trouble == "the connection broke"
        assert opened <= 6


async def test_an_outage_is_waited_for(sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        async with slack.outage():
            await slack.until(lambda: not bot.platform.connected())
            await asyncio.sleep(0.5)
        await slack.until(bot.platform.connected, seconds=10)
        await ann.mention(general, "hello again")
        await bot.done()
        assert len(slack.bot_posts(general)) == 1


async def test_a_revoked_token_is_told_once_and_not_asked_for_in_a_hot_loop(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, capsys: pytest.CaptureFixture[str]
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        slack.token_error = "token_revoked"
        await slack.disconnect()
        await slack.until(lambda: bot.keeper.standing().trouble)
        before = len(slack.called("auth.test"))
        await asyncio.sleep(0.5)
        assert len(slack.called("auth.test")) - before <= 4
        assert [one for one in bot.said if "revoked" in one] == [
            "Slack: The bot's token was revoked; install the app again and copy its new token."
        ]
    logged = "".join(capsys.readouterr())
    assert slack.bot_token not in logged
    assert slack.app_token not in logged


async def test_payloads_are_not_logged_whatever_the_level_is(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack, caplog: pytest.LogCaptureFixture
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    caplog.set_level(logging.DEBUG)
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        await ann.mention(general, "a secret word")
        await bot.done()
    theirs = [one.getMessage() for one in caplog.records if one.name.startswith("slack")]
    assert not [one for one in theirs if "a secret word" in one or slack.bot_token in one or slack.app_token in one]
    for name in ("slack", "slack_bolt.AsyncApp", "slack_sdk.web.async_base_client"):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


# --- HTTP.


async def test_over_http_mentions_are_answered_and_the_address_is_confirmed(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    async with in_slack(sqlite_sessions, tmp_path, slack, transport="http") as bot:
        assert await slack.verify_url()
        await ann.mention(general, "hello")
        await bot.done()
        await slack.settled()
        assert len(slack.bot_posts(general)) == 1
        assert not slack.called("apps.connections.open")
        answered = await ann.slash("/yamabiko help", general)
        assert answered.delivery.ack is not None
    assert bot.platform.connected() is False


async def _status(url: str, body: bytes | str, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession(trust_env=False) as session, session.post(url, data=body, headers=headers) as got:
        await got.read()
        return got.status


async def _told(bot: InSlack, slack: FakeSlack) -> str:
    ann = slack.person("Ann")
    general = slack.channel("general", ann)
    said = await ann.mention(general, "hello")
    return json.dumps(events.callback(events.mentioned(general, said), slack.clock.now()))


async def test_over_http_only_slack_is_listened_to(sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, transport="http") as bot:
        url, now = bot.platform.address, slack.clock.now()
        slack.deliver_to("http://127.0.0.1:9/")
        body = await _told(bot, slack)
        kind = {"Content-Type": "application/json"}
        good = kind | slack.sign(body)
        assert await _status(url, body, kind) == 401
        assert await _status(url, body + " ", good) == 401
        assert await _status(url, body, kind | slack.sign(body, now - 400)) == 401
        assert await _status(url, body, kind | slack.sign(body, now + 400)) == 401
        assert await _status(url, body, good | {"X-Slack-Request-Timestamp": "yesterday"}) == 401
        assert await _status(url, b"\xff\xfe", good) == 401
        large = json.dumps({"type": "event_callback", "pad": "x" * 1_100_000})
        assert await _status(url, large, kind | slack.sign(large)) == 413
        assert await bot.replies() == []
        assert await _status(url, body, good) == 200
        assert len(await bot.done()) == 1


async def test_over_http_a_proxy_can_ask_whether_the_bot_lives(
    sqlite_sessions: Sessions, tmp_path: Path, slack: FakeSlack
) -> None:
    async with in_slack(sqlite_sessions, tmp_path, slack, transport="http") as bot:
        health = bot.platform.address.replace("/slack/events", "/healthz")
        async with aiohttp.ClientSession(trust_env=False) as session, session.get(health) as got:
            assert (got.status, await got.text()) == (200, "ok")
