"""Collecting in Discord as things happen: the real SDK against the pretended one, rows in both databases."""

import pytest
from sqlalchemy import select

from db.models import BackfillCursor, Message
from db.session import Sessions, reading
from tests.fakes.collecting_bot import member
from tests.fakes.collecting_in_discord import listening
from tests.fakes.discord import Channel, FakeDiscord, Kind, Person
from tests.fakes.past import every_text, kept


@pytest.fixture(autouse=True)
def granted(discord: FakeDiscord) -> None:
    """The portal's switch is on."""
    discord.app.message_content = True


async def test_what_is_written_edited_and_deleted_in_an_opened_channel_is_followed(
    sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    ben, robot = discord.person("Ben", nick="Benny"), discord.robot("Helper")
    random = discord.channel("random")
    async with listening(sessions, discord) as bot:
        await bot.opens(general)
        await ann.post(general, f"hello <@{ben.id}> & all, see <#{random.id}>")
        second = await ben.post(general, "helo")
        third = await ben.post(general, "I regret this")
        await robot.post(general, "beep")
        await ann.post(random, "nobody opened this")
        between_us = await ann.dm("between us")
        await ann.mention(general, "what do you think?")
        await bot.heard(discord)
        await ben.edit(second, "hello")
        await ben.delete(third)
        await ann.edit(between_us, "still between us")
        await bot.heard(discord)
        ben_row = await member(sessions, ben.id)
        assert ben_row.name == "Benny"
        assert sorted(await kept(sessions)) == [  # some were written in one millisecond
            ("Ann", "@yamabiko what do you think?", 1),
            ("Ann", f"hello <@member:{ben_row.id}> & all, see #random", 1),
            ("Benny", "hello", 2),
        ]
        assert "I regret this" not in await every_text(sessions)
        async with reading(sessions) as session:
            assert set(await session.scalars(select(Message.provenance))) == {"discord_api"}


async def test_threads_belong_to_their_channel_and_private_ones_to_nobody_else(
    sqlite_sessions: Sessions, discord: FakeDiscord, general: Channel
) -> None:
    ann = discord.person("Ann", is_admin=True)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        first = await ann.post(general, "boats")
        thread = await ann.start_thread(first, "about boats")
        said = await ann.post(general, "in the thread", thread=thread)
        await ann.post(general, "an answer in it", said, thread=thread)
        secret = await ann.start_thread(general, "secret", private=True)
        await ann.bring_bot(secret)
        await ann.post(general, "psst", thread=secret)
        await bot.heard(discord)
        async with reading(sqlite_sessions) as session:
            rows = [
                (one.thread, one.reply_to, one.conversation)
                for one in await session.scalars(select(Message).order_by(Message.id))
            ]
        assert rows == [(None, None, first.id), (thread.id, thread.id, first.id), (thread.id, said.id, first.id)]
        assert "psst" not in await bot.texts()


async def test_what_is_deleted_at_a_stroke_and_in_archived_threads_is_erased(
    sqlite_sessions: Sessions, discord: FakeDiscord, general: Channel
) -> None:
    ann = discord.person("Ann", is_admin=True)
    first = await ann.post(general, "boats")
    thread = await ann.start_thread(first, "about boats")
    old = await ann.post(general, "old in the thread", thread=thread)
    await ann.archive(thread)
    said = [await ann.post(general, f"word {number}") for number in range(4)]
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        assert len(await bot.texts()) == 6
        await ann.delete(*said[1:3])
        await ann.delete(old)
        await bot.heard(discord)
        assert await bot.texts() == ["boats", "word 0", "word 3"]


async def test_a_deleted_thread_takes_its_text_along_and_not_what_it_was_begun_from(
    sessions: Sessions, discord: FakeDiscord, general: Channel
) -> None:
    ann = discord.person("Ann", is_admin=True)
    async with listening(sessions, discord) as bot:
        await bot.opens(general)
        first = await ann.post(general, "boats")
        thread = await ann.start_thread(first, "about boats")
        await ann.post(general, "in the thread", thread=thread)
        await ann.post(general, "beside it")
        await bot.heard(discord)
        assert len(await bot.texts()) == 3
        await ann.delete_channel(thread)
        await bot.heard(discord)
        assert await bot.texts() == ["boats", "beside it"]
        assert "in the thread" not in await every_text(sessions)


async def test_of_an_edit_without_words_nothing_is_left(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        said = await ann.post(general, "look", files=["boat.png"])
        await ann.post(general, "", files=["quay.png"])
        await bot.heard(discord)
        assert await bot.texts() == ["look"]
        await ann.edit(said, "")
        await bot.heard(discord)
        assert await every_text(sqlite_sessions) == [""]


async def test_a_deleted_channel_takes_its_text_along_and_a_renamed_one_its_name(
    sqlite_sessions: Sessions, discord: FakeDiscord, general: Channel
) -> None:
    ann = discord.person("Ann", is_admin=True)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        await ann.post(general, "hello")
        await ann.rename(general, "quay")
        await bot.heard(discord)
        assert (await bot.row(general)).name == "quay"
        await ann.delete_channel(general)
        await bot.heard(discord)
        assert (await bot.row(general)).state == "closed"
        assert await every_text(sqlite_sessions) == [""]


async def test_thrown_out_of_a_server_nothing_of_it_is_collected_and_an_outage_is_no_such_thing(
    sqlite_sessions: Sessions, discord: FakeDiscord, general: Channel
) -> None:
    ann = discord.person("Ann", is_admin=True)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        discord.guild_outage(discord.guild)
        await bot.heard(discord)
        assert (await bot.row(general)).state == "context"
        discord.guild_outage(discord.guild, False)
        await ann.kick_bot(discord.guild)
        await bot.heard(discord)
        assert (await bot.row(general)).state == "closed"


async def test_what_others_may_do_is_no_reason_to_read_everything_again(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async def is_read_again() -> bool:
        await bot.heard(discord)
        async with reading(sqlite_sessions) as session:
            return bool((await session.scalars(select(BackfillCursor).where(BackfillCursor.since.is_not(None)))).all())

    people, board = discord.role("rowers"), discord.channel("board")
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        await bot.heard(discord)
        await bot.works()
        discord.overwrite(board, ann, deny=["send_messages"])
        discord.permit(people, "manage_messages")
        assert not await is_read_again()
        discord.overwrite(board, "bot", deny=["read_message_history"])
        assert await is_read_again()


async def test_a_post_of_a_forum_opens_a_conversation_of_its_own(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person
) -> None:
    forum = discord.channel("ideas", kind=Kind.FORUM)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(forum)
        post = await ann.start_thread(forum, "a boat")
        first = await ann.post(forum, "let us build one", thread=post)
        await bot.heard(discord)
        async with reading(sqlite_sessions) as session:
            [row] = await session.scalars(select(Message))
        assert (row.thread, row.conversation, row.platform_id) == (post.id, post.id, first.id)
