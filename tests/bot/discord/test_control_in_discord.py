"""The control message, notices and thumbs in Discord: the bot's rows, and the real SDK against the pretended one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat import control
from bot.chat.notices import Notices
from db import feedback, members, notices, personas, runs, workspaces
from db.feedback import Thumbs
from db.models import ControlMessage, Member, Notice
from db.session import reading, transaction
from tests.fakes import community
from tests.fakes.discord import Channel, FakeDiscord, Kind, Message, Person
from tests.fakes.in_discord import InDiscord, in_discord
from tests.fakes.watching import Watching


@pytest.fixture
async def bot(sqlite_sessions, tmp_path: Path, discord: FakeDiscord, monkeypatch) -> AsyncIterator[InDiscord]:
    monkeypatch.setattr(control, "PACE_S", 0.0)
    async with in_discord(sqlite_sessions, tmp_path, discord, "Hello.") as bot:
        yield bot


@pytest.fixture
async def ada(bot: InDiscord, discord: FakeDiscord) -> Person:
    """An admin."""
    ada = discord.person("Ada")
    async with transaction(bot.sessions) as session:
        now = datetime.now(UTC)
        town = await workspaces.ensure(session, "discord", discord.guild.id, "Town", now)
        row = (await members.ensure(session, town, [(ada.id, "Ada")], now))[ada.id]
        await members.set_role(session, row.id, "admin", "test", now)
    return ada


async def placed(watching: Watching, discord: FakeDiscord, ada: Person, where: Channel) -> Message:
    answered = await (await ada.slash("yamabiko control", where)).until_answered()
    assert "The control message comes to #" in answered.text
    await watching.looks(2)
    [post] = discord.bot_posts(where)
    return post


async def trains(bot: InDiscord, step: int) -> None:
    now = datetime.now(UTC)
    async with transaction(bot.sessions) as session:
        persona = await personas.named(session, "echo")
        run = await runs.claim(session, "trainer", now) if step else None
        if run is None:
            await runs.enqueue(session, persona, kind="train", by="shell:me", note="", settings={}, now=now)
            return
        await runs.renew(session, run, now, "training")
        facts = {"step": step, "steps": 200, "loss": 3.2, "tokens_per_second": 5.0, "seconds_left": 130.0}
        runs.add_point(session, run, facts, now)


async def test_it_stands_in_the_channel_and_follows_a_run(
    bot: InDiscord, ada: Person, discord: FakeDiscord, general: Channel
) -> None:
    watching = Watching(bot.desk, bot.platform)
    post = await placed(watching, discord, ada, general)
    assert "Nothing was trained yet." in discord.rendered(post)
    await trains(bot, 0)
    await watching.looks()
    assert "### Training\n" in discord.rendered(post)
    assert "waits for the trainer" in discord.rendered(post)
    await trains(bot, 50)
    await watching.looks()
    assert "50" in discord.rendered(post)
    assert discord.bot_posts(general) == [post]
    assert post.pings == []


async def test_a_button_does_what_the_role_of_whoever_presses_it_allows(
    bot: InDiscord, ada: Person, ann: Person, discord: FakeDiscord, general: Channel
) -> None:
    post = await placed(Watching(bot.desk, bot.platform), discord, ada, general)
    refused = await (await ann.press(post, "Train")).until_answered()
    assert [one.only_for for one in refused.said] == [ann.id]
    assert "Only an admin may do this" in refused.text
    listed = await (await ada.press(post, "All runs")).until_answered()
    assert [one.only_for for one in listed.said] == [ada.id]
    assert "Nothing has been trained yet" in listed.text
    assert discord.bot_posts(general) == [post]


async def test_placed_elsewhere_it_moves_and_taken_away_it_goes(
    bot: InDiscord, ada: Person, discord: FakeDiscord, general: Channel
) -> None:
    watching, board = Watching(bot.desk, bot.platform), discord.channel("board")
    await placed(watching, discord, ada, general)
    await placed(watching, discord, ada, board)
    assert discord.bot_posts(general) == []
    await (await ada.slash("yamabiko control", board, remove=True)).until_answered()
    await watching.looks()
    assert discord.bot_posts(board) == []


async def test_in_a_forum_it_is_shown_anew_when_its_post_was_put_away_and_leaves_nothing_when_it_is_taken_away(
    bot: InDiscord, ada: Person, discord: FakeDiscord, general: Channel
) -> None:
    watching, forum = Watching(bot.desk, bot.platform), discord.channel("ideas", kind=Kind.FORUM)
    await (await ada.slash("yamabiko control", general, channel=forum)).until_answered()
    await watching.looks(2)
    [post] = [one for one in discord.world.channels.values() if one.parent == forum.id]
    [card] = discord.bot_posts(post)
    assert post.thread is not None
    post.thread.archived = True
    await trains(bot, 0)
    await watching.looks()
    assert "waits for the trainer" in discord.rendered(card)
    await (await ada.slash("yamabiko control", general, remove=True)).until_answered()
    await watching.looks()
    assert discord.bot_posts(post) == []
    assert await bot.platform.written(discord.guild.id, forum.id, "another") is None


async def test_it_ends_where_it_is_deleted_or_its_channel_is(
    bot: InDiscord, ada: Person, discord: FakeDiscord, general: Channel
) -> None:
    watching, moderator = Watching(bot.desk, bot.platform), discord.person("Mo", is_admin=True)
    board = discord.channel("board")
    for number, where in enumerate((general, board)):
        post = await placed(watching, discord, ada, where)
        await (moderator.delete(post) if where is general else moderator.delete_channel(board))
        await trains(bot, number)
        await watching.looks(3)
        async with reading(bot.sessions) as session:
            assert (await session.scalars(select(ControlMessage))).all() == []


async def test_where_it_may_not_be_posted_the_admin_hears_it_in_private(
    bot: InDiscord, ada: Person, discord: FakeDiscord, general: Channel
) -> None:
    discord.overwrite(general, "bot", deny=["send_messages"])
    await (await ada.slash("yamabiko control", general)).until_answered()
    await Watching(bot.desk, bot.platform).looks()
    [letter] = discord.bot_posts(ada.dm_channel)
    assert "The control message cannot stand in #general" in discord.rendered(letter)


async def test_posted_by_whoever_died_before_keeping_it_it_is_found_by_its_name(
    bot: InDiscord, ada: Person, discord: FakeDiscord, general: Channel
) -> None:
    await (await ada.slash("yamabiko control", general)).until_answered()
    await Watching(bot.desk, bot.platform).begins()
    [post] = discord.bot_posts(general)
    async with transaction(bot.sessions) as session:
        row = (await session.scalars(select(ControlMessage))).one()
        row.ref, row.posting_until = None, datetime.now(UTC)
    discord.world.nonces.clear()  # more than a few minutes ago
    await Watching(bot.desk, bot.platform).looks(2)
    assert discord.bot_posts(general) == [post]


async def test_a_run_that_ended_is_told_in_direct_messages_with_buttons_that_work(
    bot: InDiscord, ada: Person, discord: FakeDiscord
) -> None:
    deaf = discord.person("Ben", takes_dms=False)
    async with transaction(bot.sessions) as session:
        now = datetime.now(UTC)
        persona = await personas.named(session, "echo")
        adapter = await community.candidate(session, persona, now, figures={})
        row = await session.scalar(select(Member).where(Member.platform_id == ada.id))
        assert row is not None
        town = await workspaces.known(session, "discord", discord.guild.id)
        assert town is not None
        others = await members.ensure(session, town, [(deaf.id, "Ben")], now)
        for to in (row.id, others[deaf.id].id):
            facts = {"run": adapter.run_id, "status": "succeeded", "reason": "", "adapter": adapter.number}
            notices.leave(session, f"member:{to}", "run_ended", facts, now)
    await Notices(bot.sessions, {"discord": bot.platform}).deliver()
    [letter] = discord.bot_posts(ada.dm_channel)
    assert "is done: adapter 1 waits to be promoted." in discord.rendered(letter)
    answered = await (await ada.press(letter, "All adapters")).until_answered()
    assert "**Adapter 1** · candidate" in answered.text
    assert "[Promote]" in answered.text
    async with reading(bot.sessions) as session:
        told, untold = await session.scalars(select(Notice).order_by(Notice.id))
    assert told.delivered_at is not None
    assert untold.delivered_at is None
    assert "failing_since" in untold.values["delivery"]


async def test_thumbs_under_an_answer_are_kept_and_taken_back(
    bot: InDiscord, ann: Person, discord: FakeDiscord, general: Channel
) -> None:
    async def counted(wanted: dict[int, Thumbs]) -> None:
        async with asyncio.timeout(5):
            while True:
                async with reading(bot.sessions) as session:
                    if await feedback.thumbs(session, [1]) == wanted:
                        return
                await asyncio.sleep(0.02)

    mod = discord.person("Mo", is_admin=True)
    await ann.mention(general, "how are you?")
    await bot.done()
    [answer] = discord.bot_posts(general)
    await ann.react(answer, "👍")
    await mod.react(answer, "👎")
    await counted({1: Thumbs(1, 1)})
    await ann.react(answer, "🎉")
    await ann.unreact(answer, "👍")
    await mod.unreact(answer, "👎")
    await counted({1: Thumbs(1, 0)})
    await mod.clear_reactions(answer)
    await counted({})
