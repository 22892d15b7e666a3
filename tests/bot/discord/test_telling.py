"""What the bot tells one person alone in Discord, and what it says when the connection is made anew."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.chat.platform import Draft
from bot.chat.replying.reply_buttons import buttons
from bot.platforms.discord import telling
from db.models import Reply
from db.session import Sessions, transaction
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.in_discord import SLOW, growing, in_discord, place_of


@pytest.fixture
def sessions(sqlite_sessions: Sessions) -> Sessions:
    """What rows do on both databases is tested without a network."""
    return sqlite_sessions


async def said(text: str) -> AsyncGenerator[str]:
    yield text


async def nothing(*_: object) -> None: ...


async def test_what_is_meant_for_the_asker_alone_comes_as_a_direct_message(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord):
        asked = await ann.mention(general, "help")
        (told,) = await discord.until(lambda: discord.bot_posts(ann.dm_channel))
        assert told.content.startswith("Ask me anything and I answer")
        where = f"https://discord.com/channels/{discord.guild.id}/{general.id}/{asked.id}"
        assert told.content.endswith(f"\n-# {where}")
        assert discord.bot_posts(general) == []


async def test_what_is_told_in_an_answer_to_a_direct_message_names_commands_and_no_other_place(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        asked = await ann.dm("hello")
        (answer,) = await discord.until(lambda: discord.bot_posts(ann.dm_channel))
        await bot.platform.tell(place_of(discord, ann.dm_channel, asked), "`/yamabiko use NAME` chooses.")
        told = await discord.until(lambda: [one for one in discord.bot_posts(ann.dm_channel) if one is not answer])
        assert [one.content for one in told] == ["`/yamabiko use persona:NAME` chooses."]


async def test_who_takes_no_direct_messages_is_told_that_and_nothing_else_in_front_of_others(
    sessions: Sessions,
    tmp_path: Path,
    discord: FakeDiscord,
    ann: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "STANDS_S", 0.3)
    ann.user.takes_dms = False
    async with in_discord(sessions, tmp_path, discord) as bot:
        await ann.mention(general, "help")
        await ann.mention(general, "help")
        (hint,) = await discord.until(lambda: discord.bot_posts(general))
        assert hint.content == (
            f"<@{ann.id}> I have something to tell you in private; allow direct messages from members of this server."
        )
        assert (hint.pings, hint.reference) == ([], None)
        await discord.until(lambda: not discord.bot_posts(general))
        assert await bot.replies() == []


async def test_an_answer_goes_on_when_the_intents_change_meanwhile(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    discord.app.message_content = True
    async with in_discord(sessions, tmp_path, discord, SLOW, word_s=0.1) as bot:
        await ann.mention(general, "count")
        shown = await growing(discord, general)
        bot.platform._connection.content = True
        await bot.platform._connection.again()
        (reply,) = await bot.done()
        assert (reply.status, reply.attempt) == ("done", 1)
        assert shown.content == f"{SLOW}\n-# AI · echo"
        assert discord.bot_posts(general) == [shown]


async def test_what_waited_for_the_start_is_answered_as_soon_as_the_connection_stands(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord, SLOW, before_s=5) as bot:
        await ann.mention(general, "hello")
        await discord.until(lambda: bot.engine.requests)
    async with transaction(sessions) as session:
        await session.execute(update(Reply).values(lease_until=datetime.now(UTC)))
    discord.fault("GET /users/@me", delay=0.5)
    async with in_discord(sessions, tmp_path, discord, lease=timedelta(seconds=60)) as bot:
        (reply,) = await bot.done()
        assert (reply.status, reply.attempt, len(discord.bot_posts(general))) == ("done", 2, 1)


async def test_another_answer_of_another_length_takes_the_place_of_the_first(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    long = "A sentence of some length. " * 120
    async with in_discord(sessions, tmp_path, discord, "short", word_s=0.0) as bot:
        asked = await ann.mention(general, "hello")
        (reply,) = await bot.done()
        under = buttons(reply.id)
        place = place_of(discord, general, asked)
        draft = Draft("reply-1", said(long), "answer", reply.shown_ref, nothing, nothing, under)
        ref = await bot.platform.show(place, draft)
        assert [len(one.components) for one in discord.bot_posts(general)] == [0, 1]
        draft = Draft("reply-1", said("brief"), "answer", ref, nothing, nothing, under)
        ref = await bot.platform.show(place, draft)
        (shown,) = discord.bot_posts(general)
        assert (shown.content, len(shown.components), shown.id) == ("brief\n-# AI · echo", 1, ref)
