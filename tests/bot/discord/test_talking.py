"""Who asks in Discord, and what they are answered: the real SDK against the pretended servers."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from db.models import Channel, Member, Workspace
from db.session import Sessions, reading
from tests.fakes.discord import Channel as Place
from tests.fakes.discord import FakeDiscord, Kind, Message, Person
from tests.fakes.in_discord import in_discord, place_of


@pytest.fixture
def sessions(sqlite_sessions: Sessions) -> Sessions:
    """What rows do on both databases is tested without a network."""
    return sqlite_sessions


async def test_a_mention_in_a_channel_is_answered_once_under_it(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    async with in_discord(sessions, tmp_path, discord, "Hello **Ann**, from the mountain.") as bot:
        discord.duplicate_events(1)
        asked = await ann.post(general, f"so, <@{discord.bot_id}> how are you?")
        (reply,) = await bot.done()
        await discord.settled()
        (shown,) = discord.bot_posts(general)
        assert shown.content == "Hello **Ann**, from the mountain.\n-# AI · echo"
        assert shown.reference is not None
        assert shown.reference["message_id"] == asked.id
        assert (reply.status, reply.asked, reply.shown_ref) == ("done", "so, how are you?", shown.id)
        assert (shown.pings, len(await bot.replies())) == ([], 1)
        assert general.typed
    async with reading(sessions) as session:
        assert await session.scalar(select(Member.name)) == "Ann"
        assert await session.scalar(select(Channel.name)) == "general"
        assert await session.scalar(select(Workspace.platform_id)) == discord.guild.id


async def test_the_bots_own_role_calls_it_too(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    discord.app.message_content = True
    role = next(one for one in discord.guild.roles.values() if one.bot)
    role.mentionable = True
    async with in_discord(sessions, tmp_path, discord, opened={1}) as bot:
        await ann.post(general, f"<@&{role.id}>: are you there?")
        (reply,) = await bot.done()
        assert reply.asked == "are you there?"


async def test_whose_words_discord_keeps_back_is_told_so_once(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    """It shows a bot what mentions the bot itself, and nothing that calls its role or answers it without a ping."""
    role = next(one for one in discord.guild.roles.values() if one.bot)
    role.mentionable = True
    async with in_discord(sessions, tmp_path, discord, "first") as bot:
        await ann.mention(general, "hello")
        await bot.done()
        (shown,) = discord.bot_posts(general)
        await ann.post(general, f"<@&{role.id}>: are you there?")
        (told,) = await discord.until(lambda: discord.bot_posts(ann.dm_channel))
        assert told.content.startswith("Discord shows me only messages that mention me")
        await ann.post(general, "without a ping", reply_to=shown, ping=False)
        await ann.mention(general, "once more")
        await bot.done(2)
        assert len(discord.bot_posts(ann.dm_channel)) == 1


async def test_an_answer_to_the_bot_asks_it_with_a_ping_and_without(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    discord.app.message_content = True
    async with in_discord(sessions, tmp_path, discord, "first", opened={1}) as bot:
        await ann.mention(general, "hello")
        await bot.done()
        (shown,) = discord.bot_posts(general)
        await ann.post(general, "and now?", reply_to=shown)
        assert (await bot.done(2))[1].asked == "and now?"
        await ann.post(general, "and quietly?", reply_to=shown, ping=False)
        assert (await bot.done(3))[2].asked == "and quietly?"


async def test_a_direct_message_asks_without_a_mention_and_belongs_to_the_server_that_is_shared(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord
) -> None:
    other = discord.new_guild("Harbour")
    ben = discord.person("Ben", other)
    async with in_discord(sessions, tmp_path, discord) as bot:
        asked = await ben.dm("hello there")
        (reply,) = await bot.done()
        (shown,) = discord.bot_posts(ben.dm_channel)
        assert (reply.asked, shown.reference["message_id"]) == ("hello there", asked.id)
        asked_for = len(discord.called("GET /guilds/{guild}/members/{user}"))
        await ben.dm("again")
        await bot.done(2)
        assert len(discord.called("GET /guilds/{guild}/members/{user}")) == asked_for, "it is remembered"
    async with reading(sessions) as session:
        assert await session.scalar(select(Channel.name)) == "@Ben"
        assert await session.scalar(select(Workspace.name)) == "Harbour"


async def test_who_shares_no_server_is_told_no_and_nothing_is_kept(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord
) -> None:
    """Discord lets the bot write to nobody with whom it shares no server: then it is silent."""
    gus = discord.person("Gus", discord.new_guild("Elsewhere", bot=False))
    async with in_discord(sessions, tmp_path, discord) as bot:
        await gus.dm("hello")
        await discord.until(lambda: any(one.route.startswith("POST /channels") for one in discord.calls))
        await discord.settled()
        assert await bot.replies() == []
    async with reading(sessions) as session:
        assert "Gus" not in [one.name for one in await session.scalars(select(Member))]


@pytest.mark.parametrize("kind", ["public", "private", "forum", "on a message"])
async def test_in_a_thread_it_answers_there_and_the_thread_belongs_to_its_channel(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place, kind: str
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        parent, on = general, general
        if kind == "forum":
            parent = on = discord.channel("questions", kind=Kind.FORUM)
        elif kind == "on a message":
            on = await ann.post(general, "the root")
        thread = await ann.start_thread(on, "a thread", private=kind == "private")
        if kind == "private":
            await ann.bring_bot(thread)
        await ann.mention(thread, "hello")
        (reply,) = await bot.done()
        assert (len(discord.bot_posts(thread)), discord.bot_posts(parent)) == (1, [])
        assert reply.thread == thread.id
    async with reading(sessions) as session:
        assert await session.scalar(select(Channel.platform_id)) == parent.id
        assert await session.scalar(select(Channel.name)) == parent.name


async def test_it_answers_beside_a_voice_channel_and_in_a_thread_that_comes_back_from_the_archive(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    thread = await ann.start_thread(general, "old")
    discord.archive(thread)
    voice = discord.channel("talking", kind=Kind.VOICE)
    async with in_discord(sessions, tmp_path, discord) as bot:
        await ann.mention(voice, "hello")
        await ann.mention(thread, "hello")
        await bot.done(2)
        assert len(discord.bot_posts(voice)) == len(discord.bot_posts(thread)) == 1
    async with reading(sessions) as session:
        assert set(await session.scalars(select(Channel.platform_id))) == {voice.id, general.id}


async def test_what_bots_write_what_is_edited_and_what_discord_says_itself_asks_nothing(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        other = discord.robot("other")
        await other.mention(general, "hello")
        hook = Message(discord.world.snowflake(), general.id, other.id, discord.clock.now(), f"<@{discord.bot_id}> hi")
        hook.webhook = other.id
        discord.post(hook)
        plain = await ann.post(general, "nobody is called here")
        await ann.edit(plain, f"<@{discord.bot_id}> now somebody is")
        discord.pin(plain, ann.id)
        await ann.post(general, "@everyone @here look")
        await ann.dm("  ")
        await discord.settled()
        await ann.mention(general, "last")
        (reply,) = await bot.done()
        assert reply.asked == "last"


async def test_a_question_in_other_words_is_kept_so_and_not_answered_anew(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        asked = await ann.mention(general, "what is that?")
        private = await ann.dm("and that?")
        await bot.done(2)
        await ann.edit(asked, f"<@{discord.bot_id}> what is this?")
        await ann.edit(private, "and this?")

        async def worded() -> list[str]:
            return [one.asked for one in await bot.replies()]

        while await worded() != ["what is this?", "and this?"]:
            await discord.settled()
        assert len(bot.engine.requests) == 2


async def test_mentioned_members_are_given_to_the_model_by_name(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    ben = discord.person("Ben", nick="Benny")
    async with in_discord(sessions, tmp_path, discord) as bot:
        await ann.mention(general, f"what would <@{ben.id}> say in <#{general.id}>?")
        (reply,) = await bot.done()
        assert bot.engine.requests[0].turns[-1]["content"] == "what would @Benny say in #channel?"
        assert ben.id not in reply.asked


async def test_an_answer_sees_what_its_question_answers_also_long_ago(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    """Ann answers the bot with a mention of Ben's answer to it; other talk came between."""
    async with in_discord(sessions, tmp_path, discord, "a fir", *["…"] * 7, "indeed") as bot:
        await ann.mention(general, "which tree?")
        await bot.done()
        (shown,) = discord.bot_posts(general)
        for number in range(7):
            await ann.mention(general, f"something else {number}")
            await bot.done(number + 2)
        await ann.post(general, "how tall is it?", reply_to=shown)
        await bot.done(9)
        given = [turn["content"] for turn in bot.engine.requests[-1].turns]
        assert {"which tree?", "a fir"} <= set(given)
        ben = discord.person("Ben")
        said = await ben.mention(general, "I planted it")
        await bot.done(10)
        await ann.mention(general, "is that so?", reply_to=said)
        await bot.done(11)
        assert any("I planted it" in turn["content"] for turn in bot.engine.requests[-1].turns)


async def test_what_a_question_answers_is_given_to_nobody_any_more_when_it_is_deleted_or_edited(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        said = [await ann.mention(general, words) for words in ("my number is 12", "my number is 34")]
        asked = [await ann.mention(general, "is that so?", reply_to=one) for one in said]
        await bot.done(4)

        async def seen(number: int) -> list[str]:
            found = await bot.platform.thread(place_of(discord, general, asked[number]))
            return [one.posted.text for one in found]

        assert (await seen(0), await seen(1)) == (["my number is 12"], ["my number is 34"])
        await ann.delete(said[0])
        await ann.edit(said[1], f"<@{discord.bot_id}> never mind")
        await discord.settled()
        await asyncio.sleep(0.05)
        assert (await seen(0), await seen(1)) == ([], ["never mind"])


async def test_an_answer_sees_its_thread_as_far_as_discord_shows_it(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    discord.app.message_content = True
    root = await ann.post(general, "the lake is frozen")
    thread = await ann.start_thread(root, "lake")
    await ann.post(thread, "since Monday")
    async with in_discord(sessions, tmp_path, discord) as bot:
        await ann.mention(thread, "may we skate?")
        await bot.done()
        said = "\n".join(turn["content"] for turn in bot.engine.requests[0].turns)
        assert said.index("the lake is frozen") < said.index("since Monday") < said.index("may we skate?")
