"""How the pretended Discord's gateway lets in, tells, loses and finds again, seen through the real discord.py."""

import asyncio
from typing import Any

import aiohttp
import discord
import pytest

from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.pretended_discord.app import Hearing, running, usual_intents


async def heard(town: FakeDiscord, bot: Hearing, event: str, count: int = 1) -> list[dict[str, Any]]:
    return await town.until(lambda: len(found := bot.events(event)) >= count and found)


async def test_a_session_begins_with_who_is_there(town: FakeDiscord, bot: Hearing, square: Channel) -> None:
    guild = bot.get_guild(int(town.guild.id))
    assert guild is not None
    assert (guild.name, guild.me.id, guild.member_count) == ("Town", bot.application_id, 3)
    assert [one.name for one in guild.text_channels] == ["square"]
    assert guild.me.guild_permissions.send_messages
    assert not guild.me.guild_permissions.manage_messages
    assert bot.frames[0]["op"] == 10
    assert bot.events("READY")[0]["guilds"] == [{"id": town.guild.id, "unavailable": True}]
    assert [one["user"]["id"] for one in bot.events("GUILD_CREATE")[0]["members"]] == [town.bot_id]


async def test_privileged_intents_have_to_be_switched_on(town: FakeDiscord) -> None:
    for name in ("message_content", "members", "presences"):
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with running(town, Hearing(usual_intents(**{name: True}))):
                pass
        setattr(town.app, name, True)
        async with running(town, Hearing(usual_intents(**{name: True}))) as bot:
            assert bot.is_ready()


async def test_unknown_intents_and_wrong_tokens_are_hung_up_on(town: FakeDiscord) -> None:
    for intents, token, code in ((1 << 30, town.token, 4013), (1, "another", 4004)):
        async with aiohttp.ClientSession() as session, session.ws_connect(town.link) as socket:
            assert (await socket.receive_json())["op"] == 10
            await socket.send_json({"op": 2, "d": {"token": token, "intents": intents}})
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            assert socket.close_code == code
    async with aiohttp.ClientSession() as session, session.ws_connect(town.link) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 8, "d": {}})
        await socket.receive()
        assert socket.close_code == 4003


async def test_without_the_intent_other_peoples_words_are_empty(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    channel = bot.get_channel(int(square.id))
    assert isinstance(channel, discord.TextChannel)
    ours = await channel.send("ours")
    for said in ("to everybody", f"<@{town.bot_id}> to you"):
        await bea.post(square, said)
    answered = await bea.post(square, "I answer", square.messages[str(ours.id)])
    await bea.post(square, "quietly", square.messages[str(ours.id)], ping=False)
    await bea.edit(answered, "I answered")
    await bea.dm("in private")
    told = await heard(town, bot, "MESSAGE_CREATE", 6)
    expected = ["ours", "", f"<@{town.bot_id}> to you", "I answer", "", "in private"]
    assert [one["content"] for one in told] == expected
    assert told[4]["referenced_message"]["content"] == "ours"
    assert (await heard(town, bot, "MESSAGE_UPDATE"))[0]["content"] == "I answered"
    expected = ["ours", "", f"<@{town.bot_id}> to you", "I answered", ""]
    assert [one.content async for one in channel.history(oldest_first=True)] == expected
    town.app.message_content = True
    assert "" not in [one.content async for one in channel.history()]


async def test_with_the_intent_everything_is_told(town: FakeDiscord, bea: Person, square: Channel) -> None:
    town.app.message_content = True
    async with running(town, Hearing(usual_intents(message_content=True))) as bot:
        await bea.post(square, "to everybody", files=["notes.txt"])
        told = (await heard(town, bot, "MESSAGE_CREATE"))[0]
        assert (told["content"], told["attachments"][0]["filename"]) == ("to everybody", "notes.txt")
        assert told["member"]["joined_at"]
        assert told["guild_id"] == town.guild.id


async def test_only_what_was_asked_for_is_told(town: FakeDiscord, bea: Person, square: Channel) -> None:
    async with running(town, Hearing(discord.Intents(guilds=True, dm_messages=True))) as bot:
        said = await bea.mention(square, "hello")
        await bea.react(said, "👍")
        await bea.starts_typing(square)
        await bea.calls_themselves("B.")
        await bea.dm("in private")
        await heard(town, bot, "MESSAGE_CREATE")
        assert {one["t"] for one in bot.frames if one["t"]} == {"READY", "GUILD_CREATE", "MESSAGE_CREATE"}
        assert [one["content"] for one in bot.events("MESSAGE_CREATE")] == ["in private"]


async def test_what_is_said_where_the_bot_sees_nothing_is_not_told(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    hidden = town.channel("hidden", bea, private=True, bot=False)
    said = await bea.mention(hidden, "psst")
    await bea.react(said, "👍")
    await bea.mention(square, "hello")
    assert len(await heard(town, bot, "MESSAGE_CREATE")) == 1
    assert not bot.events("MESSAGE_REACTION_ADD")
    assert [one["name"] for one in bot.events("CHANNEL_CREATE")] == ["hidden"], "channels themselves are told"


async def test_edits_deletions_and_reactions_are_told(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    said, more = await bea.post(square, "a"), [await bea.post(square, "b") for _ in range(2)]
    mod = town.person("Mod", is_admin=True)
    await bea.react(said, "👍")
    await mod.react(said, "👍")
    await bea.unreact(said, "👍")
    await mod.clear_reactions(said, "👍")
    await mod.clear_reactions(said)
    await bea.delete(said)
    await mod.delete(*more)
    where = {"channel_id": square.id, "guild_id": town.guild.id}
    assert await heard(town, bot, "MESSAGE_DELETE_BULK") == [{"ids": [one.id for one in more]} | where]
    assert bot.events("MESSAGE_DELETE") == [{"id": said.id} | where]
    added = bot.events("MESSAGE_REACTION_ADD")[0]
    assert (added["user_id"], added["message_author_id"], added["emoji"]["name"]) == (bea.id, bea.id, "👍")
    assert added["member"]["user"]["username"] == "bea"
    for event in ("REMOVE", "REMOVE_ALL", "REMOVE_EMOJI"):
        assert len(bot.events(f"MESSAGE_REACTION_{event}")) == 1


async def test_whoever_resumes_is_told_what_they_missed(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    town.disconnect()
    await bea.mention(square, "are you there?")
    await heard(town, bot, "RESUMED")
    assert len(bot.events("MESSAGE_CREATE")) == 1
    assert (town.gateway.identified, len(bot.events("READY"))) == (1, 1)
    for code in (None, 4000, 1000):
        before = len(bot.events("RESUMED"))
        town.disconnect(code)
        await heard(town, bot, "RESUMED", before + 1)
    town.ask_to_reconnect()
    await heard(town, bot, "RESUMED", 5)


async def test_whoever_comes_anew_has_missed_it(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    for number, begin_anew in enumerate((town.invalidate_sessions, lambda: town.disconnect(4000, resumable=False))):
        begin_anew()
        await bea.mention(square, "are you there?")
        await heard(town, bot, "READY", number + 2)
    assert not bot.events("MESSAGE_CREATE")
    town.invalidate_sessions(resumable=True)
    await heard(town, bot, "RESUMED")


async def test_a_session_does_not_wait_for_ever(town: FakeDiscord, bot: Hearing) -> None:
    async with town.refusing_connections():
        town.disconnect()
        await town.until(lambda: not town.gateway.sockets)
        town.clock.advance(town.gateway.lifetime + 1)
    await heard(town, bot, "READY", 2)
    assert not bot.events("RESUMED")


async def test_events_come_twice_or_late_on_demand(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    town.duplicate_events(1)
    await bea.mention(square, "hello")
    assert len(await heard(town, bot, "MESSAGE_CREATE", 2)) == 2
    town.delay_events(0.1)
    await bea.mention(square, "later")
    await asyncio.sleep(0.03)
    assert len(bot.events("MESSAGE_CREATE")) == 2
    await heard(town, bot, "MESSAGE_CREATE", 3)
    await town.settled()


async def test_a_connection_that_answers_no_heartbeat_is_left(town: FakeDiscord) -> None:
    town.gateway.heartbeat = 0.05
    town.lose_acks(10_000)
    async with running(town, Hearing(heartbeat_timeout=0.2)):
        await town.until(lambda: town.gateway.connections > 1)
        town.lose_acks(-town.gateway.dropped_acks)
        await town.connected()
        beating = town.gateway.listening[0].socket
        assert beating is not None
        await town.until(lambda: beating.beats > 3)


async def test_who_sends_no_heartbeat_is_hung_up_on(town: FakeDiscord) -> None:
    town.gateway.heartbeat = 0.05
    async with aiohttp.ClientSession() as session, session.ws_connect(town.link) as socket:
        await socket.receive_json()
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4009


async def test_a_new_token_ends_every_session_of_the_old(town: FakeDiscord) -> None:
    async with running(town, Hearing()) as bot:
        town.reset_token()
        await town.until(bot.is_closed)
        assert not town.gateway.sessions


async def test_an_outage_answers_nobody(town: FakeDiscord, bot: Hearing) -> None:
    async with town.outage():
        await town.until(lambda: not town.gateway.sockets)
        with pytest.raises(discord.DiscordServerError):
            await bot.fetch_user(1)
    await heard(town, bot, "RESUMED")


async def test_two_identifies_want_their_seconds_between_them(town: FakeDiscord) -> None:
    town.gateway.identify_every = 60.0
    async with running(town, Hearing()) as bot:
        async with aiohttp.ClientSession() as session, session.ws_connect(town.link) as socket:
            await socket.receive_json()
            await socket.send_json({"op": 2, "d": {"token": town.token, "intents": 1}})
            answer = await socket.receive_json()
            assert (answer["op"], answer["d"]) == (9, False)
        assert (await bot.http.get_bot_gateway())[0] == 1
