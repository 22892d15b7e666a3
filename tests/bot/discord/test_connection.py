"""The connection to Discord: lost and made anew, refused and told of."""

import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace

import discord as library
import pytest

from bot.chat.keeping import Pauses
from bot.chat.platform import NotAdmitted, NotReached
from bot.platforms.discord import client, gateway
from bot.platforms.discord.connection import Connection, ContentRefused
from db.session import Sessions
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.in_discord import QUICK, in_discord
from tests.fakes.pretended_discord.intents import MESSAGE_CONTENT


@pytest.fixture
def sessions(sqlite_sessions: Sessions) -> Sessions:
    """What rows do on both databases is tested without a network."""
    return sqlite_sessions


async def unheard(_: object) -> None: ...


def connection(discord: FakeDiscord, token: str | None = None, *, content: bool = False) -> Connection:
    return Connection(token or discord.token, discord.api, discord.link, [], content=content, pauses=QUICK)


@pytest.mark.parametrize("how", ["hang up", "no word", "reconnect", "invalid, may resume", "4000", "1000"])
async def test_a_connection_that_is_lost_is_taken_up_again(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel, how: str
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        match how:
            case "hang up":
                discord.disconnect(4900)
            case "no word":
                discord.disconnect()
            case "reconnect":
                discord.ask_to_reconnect()
            case "invalid, may resume":
                discord.invalidate_sessions(resumable=True)
            case _:
                discord.disconnect(int(how))
        await discord.until(lambda: discord.gateway.connections == 2 and bot.platform.connected())
        await ann.mention(general, "hello")
        await bot.done()
        assert discord.gateway.identified == 1
        assert len(discord.bot_posts(general)) == 1


async def test_a_session_that_has_ended_is_followed_by_another_and_what_was_missed_is_told(
    discord: FakeDiscord,
) -> None:
    heard: list[object] = []

    async def hear(event: object) -> None:
        heard.append(event)

    kept = connection(discord)
    serving = asyncio.create_task(kept.serve(hear))
    await discord.until(lambda: kept.connected and len(heard) == 1)
    discord.ask_to_reconnect()
    await discord.until(lambda: discord.gateway.connections == 2 and kept.connected)
    assert len(heard) == 1, "nothing is missed by who resumes"
    discord.invalidate_sessions()
    await discord.until(lambda: discord.gateway.identified == 2 and kept.connected and len(heard) == 2)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert not kept.connected


async def test_an_outage_is_waited_for_with_pauses_and_the_session_is_given_up_after_some(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        async with discord.outage():
            await discord.until(lambda: not bot.platform.connected())
            await asyncio.sleep(0.5)
            assert bot.keeper.standing().since is None
        await discord.until(bot.platform.connected)
        await ann.mention(general, "hello")
        await bot.done()
        assert bot.said.count("Discord: connected") == len(bot.said), (
            "a network that hangs up for a moment says nothing"
        )


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (4004, "Discord does not know the bot's token; it is made"),
        (4011, "The bot is in so many servers that Discord wants several connections; it can hold one."),
        (4013, "Discord does not let the bot in (code 4013)."),
    ],
)
async def test_where_a_person_must_mend_something_it_says_what(discord: FakeDiscord, code: int, why: str) -> None:
    discord.refuse_identify(code)
    with pytest.raises(NotAdmitted, match=f"^{why.replace('(', '.').replace(')', '.')}"):
        await connection(discord).serve(unheard)


async def test_a_wrong_token_and_one_that_was_reset_are_refused_in_the_same_words(discord: FakeDiscord) -> None:
    with pytest.raises(NotAdmitted, match="does not know"):
        await connection(discord, "wrong").serve(unheard)
    kept = connection(discord)
    serving = asyncio.create_task(kept.serve(unheard))
    await discord.until(lambda: kept.connected)
    discord.reset_token()
    with pytest.raises(NotAdmitted, match="does not know"):
        await serving


async def test_the_message_content_intent_is_asked_for_when_wanted_and_its_refusal_is_known(
    discord: FakeDiscord,
) -> None:
    kept = connection(discord)
    serving = asyncio.create_task(kept.serve(unheard))
    await discord.until(lambda: kept.connected)
    kept.content = True
    await kept.again()
    with pytest.raises(ContentRefused, match="message-content intent"):
        await serving
    discord.app.message_content = True
    serving = asyncio.create_task(kept.serve(unheard))
    await discord.until(lambda: kept.connected)
    assert kept.client.intents.message_content
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_a_session_that_is_given_up_is_followed_at_once_and_one_that_discord_ended_after_a_pause(
    discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(gateway, "IDENTIFY_S", 0.2)
    monkeypatch.setattr(gateway, "log", SimpleNamespace(info=lambda _, **told: pauses.append(told["pause_s"])))
    kept = connection(discord)
    serving = asyncio.create_task(kept.serve(unheard))
    await discord.until(lambda: kept.connected)
    for known in (1, 2, 3):
        await asyncio.sleep(0.2)
        await kept.again()
        await discord.until(lambda known=known: discord.gateway.identified == known + 1 and kept.connected)
    discord.invalidate_sessions()
    await discord.until(lambda: discord.gateway.identified == 5 and kept.connected)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert pauses == [0.0, 0.0, 0.0, 0.2]


async def test_a_discord_that_is_down_at_the_beginning_is_not_reached(discord: FakeDiscord) -> None:
    discord.fault("GET /users/@me", status=403, times=9)
    with pytest.raises(NotReached, match="403"):
        await connection(discord).serve(unheard)
    nowhere = Connection("t", "http://127.0.0.1:1/api/v10", "ws://127.0.0.1:1/", [], pauses=QUICK)
    with pytest.raises(NotReached, match="cannot be reached"):
        await nowhere.serve(unheard)


async def test_lost_connections_leave_no_trace_in_the_log(
    discord: FakeDiscord, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "RESUMES", 1)
    kept = connection(discord)
    with caplog.at_level(logging.INFO):
        serving = asyncio.create_task(kept.serve(unheard))
        await discord.until(lambda: kept.connected)
        async with discord.refusing_connections():
            discord.disconnect()
            await asyncio.sleep(0.3)
        await discord.until(lambda: kept.connected)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert not [one for one in caplog.records if one.exc_info or one.levelno >= logging.WARNING]
    assert discord.gateway.identified == 2


async def test_intents_that_are_wanted_while_there_is_no_connection_are_asked_for_by_the_next_one(
    discord: FakeDiscord,
) -> None:
    """A session that is taken up again keeps those that it was begun with."""
    discord.app.message_content = True
    kept = connection(discord)
    serving = asyncio.create_task(kept.serve(unheard))
    await discord.until(lambda: kept.connected)
    async with discord.refusing_connections():
        discord.disconnect()
        await discord.until(lambda: not kept.connected)
        await asyncio.sleep(0.1)
        kept.content = True
        await kept.again()
    await discord.until(lambda: kept.connected)
    await discord.until(
        lambda: [one.intents & MESSAGE_CONTENT for one in discord.gateway.listening] == [MESSAGE_CONTENT]
    )
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def test_however_long_discord_fails_fewer_sessions_are_begun_than_it_takes_in_a_day() -> None:
    pauses = [gateway.pause_after(failures, Pauses(), resumes=False) for failures in range(8, 1008)]
    assert sum(pauses) > 86_400


async def test_what_cannot_be_kept_for_two_minutes_is_kept_then(
    discord: FakeDiscord, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord sends nothing twice; here a second lasts a hundredth of one."""
    monkeypatch.setattr(client, "TRIES_S", tuple(one / 100 for one in client.TRIES_S))
    kept, words = connection(discord), list[str]()
    back = asyncio.get_running_loop().time() + 1.2

    class Rows:
        def listen(self, client: client.Client, on_event: object) -> None:
            client.hear("message", self.keep)

        async def keep(self, message: library.Message) -> None:
            if asyncio.get_running_loop().time() < back:
                raise OSError("the database is away")
            words.append(message.content)

    kept._listeners = [Rows()]
    serving = asyncio.create_task(kept.serve(unheard))
    await discord.until(lambda: kept.connected)
    await ann.mention(general, "hello")
    await discord.until(lambda: words)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert len(words) == 1
