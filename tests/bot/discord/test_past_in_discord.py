"""The past of Discord's channels: a channel and its threads as one row, read on after a kill, and compared again."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from bot.chat.events import ChannelSeen, WorkspaceSeen
from bot.chat.platform import OutOfReach
from bot.platforms.discord import past
from bot.platforms.discord.timeline import Timeline
from db.backfills import Progress
from db.models import Message as Row
from db.session import Sessions, reading
from tests.fakes.collecting_in_discord import listening
from tests.fakes.discord import Channel, FakeDiscord, Kind, Message, Person
from tests.fakes.past import every_text

DAY = 86400.0


@pytest.fixture(autouse=True)
def granted(discord: FakeDiscord) -> None:
    """The portal's switch is on."""
    discord.app.message_content = True


@pytest.fixture
def moderator(discord: FakeDiscord) -> Person:
    return discord.person("Mo", is_admin=True)


async def a_thread(
    discord: FakeDiscord, who: Person, on: Message | Channel, texts: Sequence[str], ago: float, *, archived: bool = True
) -> tuple[Channel, list[Message]]:
    """A thread whose last message is so many seconds old, like itself."""
    now = discord.clock.now()
    made = await who.start_thread(on, "about boats")
    said = discord.fill(made, who, texts, end=now - ago)
    assert made.thread is not None
    made.messages = {one.id: one for one in said}
    made.thread.archived, made.thread.archived_at = archived, now - ago + 60
    return made, said


async def test_the_past_is_read_with_threads_of_every_kind_and_without_bots(
    sessions: Sessions, discord: FakeDiscord, ann: Person, moderator: Person, general: Channel
) -> None:
    past = discord.fill(general, ann, [f"word {number}" for number in range(130)])
    discord.fill(general, discord.robot("Helper"), ["beep"])
    await a_thread(discord, moderator, past[3], ["archived"], 3600)
    await a_thread(discord, moderator, past[70], ["active"], 60, archived=False)
    secret = await moderator.start_thread(general, "secret", private=True)
    await moderator.bring_bot(secret)
    await moderator.post(general, "psst", thread=secret)
    async with listening(sessions, discord) as bot:
        await bot.opens(general)
        assert sorted(await bot.texts()) == sorted([*(f"word {n}" for n in range(130)), "archived", "active"])
        assert await bot.progress(general) == Progress(132, None, True, None)


async def test_a_thread_is_one_conversation_with_what_it_was_begun_from_however_long_ago(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, moderator: Person, general: Channel
) -> None:
    past = discord.fill(general, ann, [f"word {number}" for number in range(250)], apart=3600)
    thread, _ = await a_thread(discord, moderator, past[1], ["about it"], 600)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        async with reading(sqlite_sessions) as session:
            rows = await session.scalars(select(Row).where(Row.platform_id.in_([past[1].id, *thread.messages])))
            assert [(one.thread, one.conversation) for one in rows] == [
                (None, past[1].id),
                (thread.id, past[1].id),
            ]
        assert len(await bot.texts()) == 251


async def test_a_forum_has_threads_alone(sqlite_sessions: Sessions, discord: FakeDiscord, moderator: Person) -> None:
    forum = discord.channel("ideas", kind=Kind.FORUM)
    for number in range(120):
        await a_thread(discord, moderator, forum, [f"idea {number}", f"answer {number}"], 3600 * (number + 1))
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(forum)
        assert len(await bot.texts()) == 240
        assert await bot.progress(forum) == Progress(240, None, True, None)
        (told,) = [one for one in discord.world.channels.values() if one.name == "I collect messages here"]
        assert told.parent == forum.id
        assert (await bot.row(forum)).notice_ref == told.id


async def test_a_reading_that_is_killed_goes_on_where_it_was(
    sessions: Sessions, discord: FakeDiscord, ann: Person, moderator: Person, general: Channel
) -> None:
    past = discord.fill(general, ann, [f"word {number}" for number in range(450)], apart=60)
    await a_thread(discord, moderator, past[0], ["begun long ago", "ended today"], 120)
    await a_thread(discord, moderator, past[5], ["long ago"], 430 * 60)
    async with listening(sessions, discord) as bot:
        await bot.approves(general)
        await asyncio.gather(*await bot.opening.look())
        reading = await bot.backfill.look()
        await discord.until(lambda: len(discord.called("GET /channels/{channel}/messages")) > 4)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        before = await bot.progress(general)
        assert before is not None
        assert 0 < before.messages < 453
    calls = len(discord.called("GET /channels/{channel}/messages"))
    async with listening(sessions, discord) as bot:
        await bot.lack()
        await bot.works()
        found = await bot.texts()
        assert sorted(found) == sorted(
            [*(f"word {n}" for n in range(450)), "begun long ago", "ended today", "long ago"]
        )
        assert await bot.progress(general) == Progress(453, None, True, None)
        assert len(discord.called("GET /channels/{channel}/messages")) - calls < 60


async def test_what_happened_while_the_bot_was_away_is_caught_up_with_in_threads_too(
    sessions: Sessions, discord: FakeDiscord, ann: Person, moderator: Person, general: Channel
) -> None:
    past = discord.fill(general, ann, [f"word {number}" for number in range(10)], apart=600)
    old = discord.fill(general, ann, ["years ago"], end=discord.clock.now() - 300 * DAY)
    thread, said = await a_thread(discord, moderator, old[0], ["a", "b"], 3600)
    gone, _ = await a_thread(discord, moderator, past[2], ["in a thread that goes"], 3000)
    async with listening(sessions, discord) as bot:
        await bot.opens(general)
        assert len(await bot.texts()) == 14
    await ann.edit(past[4], "an edited word")
    await ann.delete(past[6])
    await moderator.delete(said[0])
    await moderator.delete_channel(gone)
    await ann.post(general, "while you were away")
    await ann.post(general, "in the old thread", thread=thread)
    async with listening(sessions, discord) as bot:
        await bot.lack()
        await bot.works()
        words = [f"word {n}" if n != 4 else "an edited word" for n in range(10) if n != 6]
        expected = ["years ago", *words, "b", "while you were away", "in the old thread"]
        assert sorted(await bot.texts()) == sorted(expected)
        assert not {"word 6", "a", "in a thread that goes"} & set(await every_text(sessions))


async def test_a_thread_that_no_list_showed_is_not_taken_for_deleted(
    sqlite_sessions: Sessions,
    discord: FakeDiscord,
    moderator: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thread, _ = await a_thread(discord, moderator, general, ["in the thread"], 3600)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
    monkeypatch.setattr(Timeline, "_meet", lambda self, thread: False)
    for _ in range(2):
        async with listening(sqlite_sessions, discord) as bot:
            await bot.lack()
            await bot.works()
            assert await bot.texts() == (["in the thread"] if thread.id in discord.world.channels else [])
        if thread.id in discord.world.channels:
            await moderator.delete_channel(thread)


async def test_what_may_not_be_read_is_told_and_never_taken_for_deleted(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    discord.fill(general, ann, ["hello"])
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        discord.overwrite(general, "bot", deny=["read_message_history"])
        await bot.heard(discord)
        await bot.works()
        assert await bot.progress(general) == Progress(1, None, True, "not allowed")
        discord.overwrite(general, "bot", deny=["view_channel"])
        await bot.heard(discord)
        await bot.works()
        assert await bot.progress(general) == Progress(1, None, True, "not in channel")
        assert await bot.texts() == ["hello"]
        await ann.post(general, "while you did not see")
        discord.overwrite(general, "bot")
        await bot.heard(discord)
        await bot.works()
        assert await bot.progress(general) == Progress(1, None, True, None)
        assert await bot.texts() == ["hello", "while you did not see"]


async def test_a_channel_deleted_while_the_bot_was_away_is_closed_and_its_text_erased(
    sqlite_sessions: Sessions, discord: FakeDiscord, moderator: Person, general: Channel
) -> None:
    discord.fill(general, moderator, ["hello"])
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
    await moderator.delete_channel(general)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.lack()
        await bot.works()
        assert (await bot.row(general)).state == "closed"
        assert await every_text(sqlite_sessions) == [""]


async def test_limits_are_waited_for(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    discord.fill(general, ann, [f"word {number}" for number in range(250)])
    discord.fault("GET /channels/{channel}/messages", times=2, status=429, retry_after=0.05)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        assert await bot.progress(general) == Progress(250, None, True, None)
        assert len(discord.faults.happened) == 2


async def test_where_reading_is_forbidden_in_the_midst_of_it_nothing_is_taken_for_deleted(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    """Discord then shows an empty past, and says no word."""
    discord.fill(general, ann, [f"word {number}" for number in range(150)])
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        where = (WorkspaceSeen("discord", discord.guild.id, "Town"), ChannelSeen(general.id, "general"))
        first = await bot.network.history(*where, None)
        discord.overwrite(general, "bot", deny=["read_message_history"])
        with pytest.raises(OutOfReach, match="not allowed"):
            await bot.network.history(*where, first.before)


async def test_thrown_out_while_nobody_listened_it_reads_no_more_of_that_server(
    sqlite_sessions: Sessions, discord: FakeDiscord, moderator: Person, general: Channel
) -> None:
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general, training=True)
    await moderator.kick_bot(discord.guild)
    async with listening(sqlite_sessions, discord) as bot:
        await bot.lack()
        await bot.works()
        assert (await bot.row(general)).state == "closed"


async def test_what_was_read_ahead_is_forgotten_when_nobody_asks_for_it(
    sqlite_sessions: Sessions, discord: FakeDiscord, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel was closed between two pages."""
    monkeypatch.setattr(past, "HELD_S", 0.1)
    discord.fill(general, ann, [f"word {number}" for number in range(250)])
    async with listening(sqlite_sessions, discord) as bot:
        await bot.opens(general)
        where = (WorkspaceSeen("discord", discord.guild.id, "Town"), ChannelSeen(general.id, "general"))
        first = await bot.network.history(*where, None)
        read_ahead = bot.network._past._rows
        assert read_ahead
        await discord.until(lambda: not read_ahead)
        assert len((await bot.network.history(*where, first.before)).written) == 100
