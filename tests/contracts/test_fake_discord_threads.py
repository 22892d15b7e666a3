"""Threads of the pretended Discord: started, put away, found again, locked and deleted."""

from typing import Any

import discord
import pytest

from tests.fakes.discord import Channel, FakeDiscord, Kind, Person
from tests.fakes.pretended_discord.app import Hearing, refused


async def heard(town: FakeDiscord, bot: Hearing, event: str, count: int = 1) -> list[dict[str, Any]]:
    return await town.until(lambda: len(found := bot.events(event)) >= count and found)


def room(bot: Hearing, channel: Channel) -> discord.TextChannel:
    found = bot.get_channel(int(channel.id))
    assert isinstance(found, discord.TextChannel)
    return found


async def thread_of(bot: Hearing, thread: Channel) -> discord.Thread:
    found = await bot.fetch_channel(int(thread.id))
    assert isinstance(found, discord.Thread)
    return found


async def test_a_thread_hangs_on_its_message(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    said = await bea.post(square, "let us talk")
    message = room(bot, square).get_partial_message(int(said.id))
    made = await message.create_thread(name="Talk")
    assert (made.id, made.parent_id, made.owner_id) == (int(said.id), int(square.id), bot.application_id)
    assert await refused(message.create_thread(name="Again")) == (400, 160004)
    assert (await heard(town, bot, "THREAD_CREATE"))[0]["newly_created"]
    await bea.post(square, "here", thread=town.world.channels[str(made.id)])
    kinds = [one.type async for one in made.history(oldest_first=True)]
    assert kinds == [discord.MessageType.thread_starter_message, discord.MessageType.default]
    fetched = await message.fetch()
    assert fetched.flags.has_thread
    assert fetched.thread is not None


async def test_a_thread_of_its_own_is_told_in_the_channel(bot: Hearing, square: Channel) -> None:
    made = await room(bot, square).create_thread(name="Alone", type=discord.ChannelType.public_thread)
    assert made.type is discord.ChannelType.public_thread
    (told,) = [one async for one in room(bot, square).history(limit=1)]
    assert (told.type, told.content) == (discord.MessageType.thread_created, "Alone")


async def test_writing_in_a_thread_takes_it_out_again(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    thread = await bea.start_thread(await bea.post(square, "a"), "Talk")
    there = await thread_of(bot, thread)
    ours = await there.send("here")
    await bea.archive(thread)
    assert (await heard(town, bot, "THREAD_UPDATE"))[0]["thread_metadata"]["archived"]
    assert await refused(ours.edit(content="changed")) == (400, 50083)
    assert await refused(ours.add_reaction("👍")) == (400, 50083)
    assert await refused(ours.delete()) == (400, 50083)
    await there.send("again")
    assert thread.thread is not None
    assert not thread.thread.archived
    mod = town.person("Mod", is_admin=True)
    await mod.archive(thread, locked=True)
    assert await refused(there.send("once more")) == (403, 160005)
    await mod.archive(thread, False)
    assert await refused(there.send("once more")) == (403, 160005)
    assert await refused(ours.edit(content="changed")) == (403, 160005)
    with pytest.raises(AssertionError, match="is locked"):
        await bea.post(square, "me too", thread=thread)


async def test_threads_that_were_put_away_are_listed_in_pages(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    town.overwrite(square, "bot", allow=["manage_threads"])
    names = [f"t{number}" for number in range(5)]
    for name in names:
        thread = await bea.start_thread(square, name)
        town.clock.advance(60)
        await bea.archive(thread)
    secret = await bea.start_thread(square, "secret", private=True)
    await bea.archive(secret)
    active = await bea.start_thread(square, "now")
    guild = bot.get_guild(int(town.guild.id))
    assert guild is not None
    assert [one.name for one in await guild.active_threads()] == ["now"]
    assert [one.name async for one in room(bot, square).archived_threads(limit=None)] == names[::-1]
    page = await bot.http.get_public_archived_threads(int(square.id), limit=2)
    assert ([one["name"] for one in page["threads"]], page["has_more"]) == (["t4", "t3"], True)
    before = page["threads"][-1]["thread_metadata"]["archive_timestamp"]
    rest = await bot.http.get_public_archived_threads(int(square.id), before=before, limit=50)
    assert ([one["name"] for one in rest["threads"]], rest["has_more"]) == (["t2", "t1", "t0"], False)
    assert [one.name async for one in room(bot, square).archived_threads(private=True)] == ["secret"]
    joined = room(bot, square).archived_threads(private=True, joined=True)
    assert [one.name async for one in joined] == []
    town.overwrite(square, "bot")
    assert await refused(bot.http.get_private_archived_threads(int(square.id))) == (403, 50013)
    await bea.archive(active)


async def test_a_private_thread_is_for_those_in_it(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    secret = await bea.start_thread(square, "secret", private=True)
    await bea.post(square, f"<@{town.bot_id}> psst", thread=secret)
    assert await refused(bot.fetch_channel(int(secret.id))) == (403, 50001)
    await bea.bring_bot(secret)
    assert (await heard(town, bot, "THREAD_CREATE"))[0]["id"] == secret.id
    await bea.mention(square, "hello", thread=secret)
    assert len(await heard(town, bot, "MESSAGE_CREATE")) == 1
    with pytest.raises(AssertionError, match="does not see #secret"):
        await town.person("Carl").post(square, "me too", thread=secret)
    there = await thread_of(bot, secret)
    assert len(await there.fetch_members()) == 2
    await there.leave()
    assert await refused(bot.fetch_channel(int(secret.id))) == (403, 50001)


async def test_a_thread_is_deleted_and_its_channel_takes_all_with_it(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    mod = town.person("Mod", is_admin=True)
    first, second = [await bea.start_thread(square, name) for name in ("first", "second")]
    await mod.delete_channel(first)
    assert (await heard(town, bot, "THREAD_DELETE"))[0]["id"] == first.id
    await mod.delete_channel(square)
    await heard(town, bot, "CHANNEL_DELETE")
    assert len(bot.events("THREAD_DELETE")) == 1, "those below it go without a word"
    assert await refused(bot.fetch_channel(int(second.id))) == (404, 10003)


async def test_a_forum_holds_nothing_but_threads(town: FakeDiscord, bot: Hearing, bea: Person) -> None:
    forum = town.channel("questions", kind=Kind.FORUM)
    assert await refused(bot.get_partial_messageable(int(forum.id)).send("a")) == (400, 50008)
    asked = await bea.start_thread(forum, "How?", f"<@{town.bot_id}> how is it done?")
    assert (await heard(town, bot, "MESSAGE_CREATE"))[0]["id"] == asked.id
    there = await thread_of(bot, asked)
    assert (await there.fetch_message(int(asked.id))).content.endswith("how is it done?")
    place = bot.get_channel(int(forum.id))
    assert isinstance(place, discord.ForumChannel)
    own = await place.create_thread(name="Notice", content="read me")
    assert (own.message.id, own.message.content, own.thread.name) == (own.thread.id, "read me", "Notice")
    town.overwrite(forum, "bot", deny=["send_messages"])
    assert await refused(place.create_thread(name="Another", content="a")) == (403, 50013)


async def test_the_bot_puts_its_own_threads_away(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    own = await room(bot, square).create_thread(name="own", type=discord.ChannelType.public_thread)
    await own.edit(archived=True)
    assert await refused(own.edit(name="renamed")) == (400, 50083)
    await own.edit(archived=False)
    theirs = await thread_of(bot, await bea.start_thread(square, "theirs"))
    assert await refused(theirs.edit(archived=True)) == (403, 50013)
    assert await refused(own.edit(locked=True)) == (403, 50013)
    town.overwrite(square, "bot", deny=["send_messages_in_threads"])
    assert await refused(own.send("a")) == (403, 50013)
