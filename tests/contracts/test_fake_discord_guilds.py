"""Guilds, channels and people of the pretended Discord, as they come, change and go."""

from typing import Any

import discord
import pytest

from tests.fakes.discord import Channel, FakeDiscord, Kind, Person
from tests.fakes.pretended_discord.app import Hearing, refused, running, usual_intents


async def heard(town: FakeDiscord, bot: Hearing, event: str, count: int = 1) -> list[dict[str, Any]]:
    return await town.until(lambda: len(found := bot.events(event)) >= count and found)


async def test_the_bot_is_let_into_a_guild_and_thrown_out(town: FakeDiscord, bot: Hearing) -> None:
    owner = town.person("Owner")
    village = town.new_guild("Village", owner, bot=False, locale="ja")
    town.channel("well", guild=village)
    assert await refused(bot.fetch_guild(int(village.id))) == (403, 50001)
    await owner.invite_bot(village, "view_channel", "send_messages")
    told = (await heard(town, bot, "GUILD_CREATE", 2))[1]
    assert (told["name"], told["channels"][0]["name"], "unavailable" in told) == ("Village", "well", False)
    assert [one.name async for one in bot.fetch_guilds()] == ["Town", "Village"]
    assert str((await bot.fetch_guild(int(village.id))).preferred_locale) == "ja"
    await owner.kick_bot(village)
    assert await heard(town, bot, "GUILD_DELETE") == [{"id": village.id}]
    assert await refused(bot.fetch_guild(int(village.id))) == (403, 50001)
    assert await refused(bot.fetch_guild(1)) == (404, 10004)


async def test_an_outage_of_a_guild_is_no_leaving(town: FakeDiscord, bot: Hearing, square: Channel) -> None:
    gone: list[discord.Guild] = []

    @bot.event
    async def on_guild_remove(guild: discord.Guild) -> None:
        gone.append(guild)

    town.guild_outage(town.guild)
    assert (await heard(town, bot, "GUILD_DELETE"))[0]["unavailable"]
    assert await refused(bot.http.get_channel(int(square.id))) == (403, 50001)
    town.guild_outage(town.guild, False)
    assert (await heard(town, bot, "GUILD_CREATE", 2))[1]["unavailable"] is False
    assert not gone


async def test_channels_are_told_as_they_come_change_and_go(town: FakeDiscord, bot: Hearing) -> None:
    mod = town.person("Mod", is_admin=True)
    kinds = town.channel("Corner", kind=Kind.CATEGORY)
    made = town.channel("news", kind=Kind.NEWS, parent=kinds)
    town.channel("talk", kind=Kind.VOICE)
    town.channel("questions", kind=Kind.FORUM)
    await mod.rename(made, "gazette")
    assert (await heard(town, bot, "CHANNEL_UPDATE"))[0]["name"] == "gazette"
    guild = bot.get_guild(int(town.guild.id))
    assert guild is not None
    assert {type(one).__name__ for one in guild.channels} == {
        "TextChannel",
        "CategoryChannel",
        "VoiceChannel",
        "ForumChannel",
    }
    assert {one.name for one in await guild.fetch_channels()} == {"square", "Corner", "gazette", "talk", "questions"}
    await mod.delete_channel(made)
    assert (await heard(town, bot, "CHANNEL_DELETE"))[0]["id"] == made.id
    assert await refused(bot.http.get_channel(int(made.id))) == (404, 10003)
    with pytest.raises(AssertionError, match="may not do this"):
        await town.person("Bea").delete_channel(kinds)


async def test_a_channel_that_opens_brings_its_threads(town: FakeDiscord, bot: Hearing, bea: Person) -> None:
    hidden = town.channel("hidden", bea, private=True, bot=False)
    thread = await bea.start_thread(hidden, "inside")
    town.overwrite(hidden, "bot", allow=["view_channel"])
    told = (await heard(town, bot, "THREAD_LIST_SYNC"))[0]
    assert ([one["id"] for one in told["threads"]], told["channel_ids"]) == ([thread.id], [hidden.id])
    assert not bot.events("THREAD_CREATE")


async def test_members_are_known_one_by_one_and_all_to_who_may(town: FakeDiscord, bot: Hearing, bea: Person) -> None:
    helpers = town.role("helpers")
    bea.give(helpers)
    await bea.calls_themselves("Bee")
    guild = bot.get_guild(int(town.guild.id))
    assert guild is not None
    member = await guild.fetch_member(int(bea.id))
    assert (member.display_name, [one.name for one in member.roles]) == ("Bee", ["@everyone", "helpers"])
    assert await refused(guild.fetch_member(1)) == (404, 10007)
    assert [one.id for one in await guild.query_members(user_ids=[int(bea.id)])] == [int(bea.id)]
    assert await refused(bot.http.get_members(int(town.guild.id), 10, None)) == (403, 50001)
    assert not bot.events("GUILD_MEMBER_UPDATE")


async def test_with_the_members_intent_people_are_told(town: FakeDiscord, bea: Person) -> None:
    town.app.members = True
    async with running(town, Hearing(usual_intents(members=True))) as bot:
        guild = bot.get_guild(int(town.guild.id))
        assert guild is not None
        assert {one.name for one in guild.members} == {"developer", "yamabiko", "bea"}
        carl = town.person("Carl", nick="C.")
        await carl.leave(town.guild)
        assert (await heard(town, bot, "GUILD_MEMBER_REMOVE"))[0]["user"]["id"] == carl.id
        assert bot.events("GUILD_MEMBER_ADD")[0]["nick"] == "C."
        assert len(await bot.http.get_members(int(town.guild.id), 10, None)) == 3


async def test_people_do_only_what_they_may(town: FakeDiscord, bea: Person, square: Channel) -> None:
    hidden = town.channel("hidden", private=True)
    with pytest.raises(AssertionError, match="does not see #hidden"):
        await bea.post(hidden, "hello?")
    town.overwrite(square, bea, deny=["send_messages"])
    with pytest.raises(AssertionError, match="may not do this in #square"):
        await bea.post(square, "hello?")
    other = await town.person("Carl").post(square, "mine")
    with pytest.raises(AssertionError, match="only what they wrote"):
        await bea.edit(other, "yours")
    with pytest.raises(AssertionError, match="MANAGE_MESSAGES"):
        await bea.delete(other)
    await town.person("Boss", is_owner=True).delete(other)
    assert other.deleted
