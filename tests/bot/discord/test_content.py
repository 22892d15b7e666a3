"""The message-content intent comes with the first opened channel and goes with the last; refused, the rest goes on."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from bot.chat.verbs import text
from bot.platforms.discord import content
from db.models import Notice
from db.session import Sessions, reading
from tests.fakes.collecting_in_discord import CollectingInDiscord, listening
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.past import OWNER
from tests.fakes.pretended_discord.intents import MESSAGE_CONTENT


def asks(discord: FakeDiscord) -> bool:
    """Whether the session that stands asked for what people write."""
    return any(bool(one.intents & MESSAGE_CONTENT) for one in discord.gateway.listening)


async def test_it_is_asked_for_while_a_channel_is_open_and_only_as_long(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    discord.app.message_content = True
    async with listening(sqlite_sessions, discord) as bot:
        assert not asks(discord)
        await bot.opens(general)
        assert asks(discord)
        assert await bot.lack() is None
        await text.close(sqlite_sessions, OWNER, (await bot.row(general)).id)
        await discord.until(lambda: discord.gateway.listening and not asks(discord))
        await bot.works()
        assert "no longer collect" in discord.rendered(discord.bot_posts(general)[-1])
    async with listening(sqlite_sessions, discord):
        assert not asks(discord)


async def test_refused_the_bot_goes_on_says_so_and_asks_again_when_the_switch_was_seen_on(
    sqlite_sessions: Sessions,
    discord: FakeDiscord,
    ann: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    discord.fill(general, ann, ["before"])
    async with listening(sqlite_sessions, discord) as bot:
        await bot.approves(general)
        assert await bot.lack() == "no message content"
        assert bot.network.connected()  # nobody hung up for a switch that is off
        await ann.post(general, "nobody reads this")
        await ann.mention(general, "but this is readable")
        await bot.heard(discord)
        await bot.works()
        assert discord.bot_posts(general) == []
        assert await bot.texts() == []
        found = await bot.progress(general)
        assert found is not None
        assert found.trouble == "no message content"
        discord.app.message_content = True
        monkeypatch.setattr(content, "ASK_S", 0.0)
        bot_content(bot)._ask_at = 0.0
        await discord.until(lambda: asks(discord))
        assert await bot.lack() is None
        await bot.works()
        assert "I collect messages here" in discord.rendered(discord.bot_posts(general)[0])
        assert await bot.texts() == ["before", "nobody reads this", "@yamabiko but this is readable"]


async def test_hung_up_on_for_it_the_bot_comes_back_without(
    sqlite_sessions: Sessions, discord: FakeDiscord, general: Channel
) -> None:
    discord.app.message_content = True
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
    discord.app.message_content = False
    async with listening(sqlite_sessions, discord) as bot:  # as it was at the end: 4014
        assert await bot.lack() == "no message content"
        assert not asks(discord)
        await bot.works()
        await bot.works()
    async with reading(sqlite_sessions) as session:
        assert list(await session.scalars(select(Notice))) == []  # nobody is an admin here


async def test_a_channel_opened_anew_is_a_reason_to_look_again(
    sqlite_sessions: Sessions, discord: FakeDiscord, general: Channel
) -> None:
    random = discord.channel("random")
    async with listening(sqlite_sessions, discord) as bot:
        await bot.approves(general)
        assert await bot.lack() == "no message content"
        discord.app.message_content = True
        await bot.approves(random)
        await discord.until(lambda: asks(discord))


async def test_an_answer_that_grows_is_not_disturbed_by_another_session(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    discord.app.message_content = True
    async with listening(sqlite_sessions, discord) as bot:
        client = bot_content(bot)._connection.client
        discord.fault("POST /channels/{channel}/messages", delay=0.3)
        sending = asyncio.create_task(client.get_partial_messageable(int(general.id)).send("slow"))
        await bot.approves(general)
        assert asks(discord)
        assert not sending.done()
        await sending
        assert [one.content for one in discord.bot_posts(general)] == ["slow"]
        assert bot_content(bot)._connection.client is client


def bot_content(bot: CollectingInDiscord) -> Any:
    network: Any = bot.network
    return network._content
