"""A question in Discord is answered once, also across lost connections, crashes and restarts."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.chat.attendance import Attendance
from db.models import Reply
from db.session import Sessions, transaction
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.in_discord import SLOW, growing, in_discord

LEASE = timedelta(seconds=0.6)
EDIT = "PATCH /channels/{channel}/messages/{message}"
POST = "POST /channels/{channel}/messages"


@pytest.fixture
def sessions(sqlite_sessions: Sessions) -> Sessions:
    """What rows do on both databases is tested without a network."""
    return sqlite_sessions


@pytest.mark.parametrize("route", [POST, EDIT])
async def test_a_call_that_was_carried_out_but_not_confirmed_is_carried_out_once(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel, route: str
) -> None:
    discord.fault(route, after=True, drop_connection=True)
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW, word_s=0.05, lease=LEASE) as bot:
        await ann.mention(general, "count")
        (reply,) = await bot.done()
        (shown,) = discord.bot_posts(general)
        assert (reply.status, reply.shown_ref) == ("done", shown.id)
        assert shown.content == f"{SLOW}\n-# AI · echo"


async def test_a_process_that_died_behind_its_post_is_followed_by_one_that_finds_it(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    """The row knows nothing of the post, Discord its name no more; another answer stands below the same question."""
    discord.fault(POST, after=True, drop_connection=True)
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW, word_s=0.05):
        await ann.mention(general, "count")
        await growing(discord, general)
        await asyncio.sleep(0.1)
    discord.world.nonces.clear()
    async with transaction(sessions) as session:
        await session.execute(update(Reply).values(lease_until=datetime.now(UTC)))
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW) as bot:
        (reply,) = await bot.done()
        (shown,) = discord.bot_posts(general)
        assert (reply.attempt, reply.shown_ref, shown.content) == (2, shown.id, f"{SLOW}\n-# AI · echo")


async def test_an_answer_goes_on_while_the_connection_is_lost_and_taken_up_again(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW, word_s=0.05) as bot:
        await ann.mention(general, "one")
        await growing(discord, general)
        async with discord.refusing_connections():
            discord.disconnect()
            await discord.until(lambda: not bot.platform.connected())
            await ann.mention(general, "two")  # told to who resumes
        await bot.done(2)
        assert [one.attempt for one in await bot.replies()] == [1, 1]
        assert len(discord.bot_posts(general)) == 2
        assert (discord.gateway.identified, discord.gateway.sessions[0].resumed) == (1, 1)


async def test_what_was_asked_while_the_session_was_lost_is_answered_once_by_the_next_one(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    thread = await ann.start_thread(general, "thread")
    async with in_discord(sessions, tmp_path, discord) as bot:
        await ann.mention(general, "one")
        await ann.dm("a private one")
        await bot.done(2)
        async with discord.refusing_connections():
            discord.disconnect(resumable=False)
            await discord.until(lambda: not bot.platform.connected())
            await ann.mention(general, "two")
            await ann.mention(thread, "three")
            await ann.dm("four")
        found = await bot.done(5)
        await discord.settled()
        assert sorted(one.asked for one in found) == ["a private one", "four", "one", "three", "two"]
        assert (len(discord.bot_posts(general)), len(discord.bot_posts(thread))) == (2, 1)
        assert discord.gateway.identified == 2


async def test_what_was_asked_before_the_bot_came_is_answered_as_far_as_patience_reaches(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    call = f"<@{discord.bot_id}>"
    old = discord.fill(general, ann, [f"{call} long ago"], end=discord.clock.now() - 3600)
    discord.fill(general, ann, [f"{call} just now"], apart=30)
    for one in general.messages.values():
        one.mentions = [discord.bot_id]
    secret = discord.channel("secret", bot=False)
    await ann.mention(secret, "unseen")
    async with in_discord(sessions, tmp_path, discord) as bot:
        (reply,) = await bot.done()
        assert reply.asked == "just now"
    async with in_discord(sessions, tmp_path, discord) as again:
        await ann.mention(general, "now")
        found = await again.done(2)
        await discord.settled()
        assert [one.asked for one in found] == ["just now", "now"]
        assert len(discord.bot_posts(general)) == 2
        assert old[0].id not in [one.platform_message_id for one in found]


async def test_a_restart_looks_no_further_back_than_to_where_the_bot_was_there(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    """What was refused then, because she asked too often, is not answered now."""
    async with in_discord(sessions, tmp_path, discord):
        while await Attendance(sessions, "discord").noted() is None:
            await discord.settled()
    asked = discord.fill(general, ann, [f"<@{discord.bot_id}> refused"], end=discord.clock.now() - 60)
    asked[0].mentions = [discord.bot_id]
    private = ann.dm_channel
    async with in_discord(sessions, tmp_path, discord) as bot:
        await ann.mention(general, "now")
        await bot.done()
        assert [one.asked for one in await bot.replies()] == ["now"]
        assert discord.bot_posts(private) == []


async def test_where_it_may_not_read_what_was_written_it_answers_without_pointing_at_the_question(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    """Discord takes no reply there, and shows no past in which a post could be found: by its name it comes once."""
    discord.overwrite(general, "bot", deny=["read_message_history"])
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW, word_s=0.05):
        await ann.mention(general, "count")
        await growing(discord, general)
    async with transaction(sessions) as session:
        await session.execute(update(Reply).values(lease_until=datetime.now(UTC), shown_ref=None))
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW) as bot:
        (reply,) = await bot.done()
        (shown,) = discord.bot_posts(general)
        assert (reply.status, reply.shown_ref, shown.reference) == ("done", shown.id, None)
        assert shown.content == f"{SLOW}\n-# AI · echo"


async def test_that_the_bot_is_there_is_noted_once_at_a_time_however_many_sessions_were_begun(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        for number in (2, 3):
            discord.invalidate_sessions()
            await discord.until(lambda now=number: discord.gateway.identified == now and bot.platform.connected())
            await discord.settled()
        await asyncio.sleep(0.1)
        working = bot.platform._connection.client._working
        assert sum("_attend" in repr(one.get_coro()) for one in working) == 1
