"""Cards that the bot writes unasked in Discord: found again, shown anew, sent in private."""

import asyncio
from dataclasses import replace

import pytest

from bot.chat.cards import Button, Card, Heading, Row, Text, told
from bot.chat.platform import NotReached, NotShown, OutOfReach
from bot.chat.replying.posting import Gone
from bot.platforms.discord.writing import Writing, mark
from tests.fakes.discord import Channel, FakeDiscord
from tests.fakes.discord_line import on_line
from tests.fakes.pretended_discord.world import Kind

CARD = Card([Text("I collect messages here."), Row([Button("Yes", "consent", "yes")])], private=False)


async def test_a_card_is_found_by_its_name_and_by_no_other() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there) as line:
        general, writing = there.channel("general"), Writing(line.connection)
        ref = await writing.write(there.guild.id, general.id, CARD, "notice-1-1763830000000-training")
        await writing.write(there.guild.id, general.id, told("closed"), "notice-1-1763830000000-closed")
        await writing.write(there.guild.id, general.id, told("nameless"))
        found = [
            await writing.written(there.guild.id, general.id, f"notice-1-1763830000000-{state}")
            for state in ("training", "closed", "context")
        ]
        posts = [post.id for post in there.bot_posts(general)]
        assert found == [ref, posts[1], None]
        assert "I collect messages here." in there.transcript(general)


async def test_within_some_minutes_a_name_is_posted_once() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there) as line:
        general, writing = there.channel("general"), Writing(line.connection)
        refs = [await writing.write(there.guild.id, general.id, CARD, "notice-1") for _ in range(2)]
        assert refs == [post.id for post in there.bot_posts(general)] * 2


def test_the_numbers_of_names_are_above_those_that_discord_gives() -> None:
    marks = {mark(f"notice-{number}") for number in range(1000)}
    assert len(marks) == 1000
    assert all(1 << 30 <= one < 1 << 31 for one in marks)


async def test_a_card_is_shown_anew_in_its_place_until_it_is_deleted() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there) as line:
        ann, general, writing = there.person("Ann", is_admin=True), there.channel("general"), Writing(line.connection)
        ref = await writing.write(there.guild.id, general.id, CARD, "control-1")
        await writing.rewrite(there.guild.id, general.id, ref, replace(CARD, parts=[Text("Run 1 is done.")]))
        [post] = there.bot_posts(general)
        assert there.rendered(post).strip().endswith("Run 1 is done.")
        assert post.id == ref
        await ann.delete(post)
        with pytest.raises(Gone):
            await writing.rewrite(there.guild.id, general.id, ref, CARD)


async def test_in_a_forum_a_card_is_a_post_of_its_own_and_found_again_and_shown_anew_there() -> None:
    async with FakeDiscord.running(limits=False) as there:
        ann, forum = there.person("Ann"), there.channel("ideas", kind=Kind.FORUM)
        await ann.start_thread(forum, "An idea", text="What if?")
        async with on_line(there) as line:
            await _in_a_forum(there, Writing(line.connection), forum)


async def _in_a_forum(there: FakeDiscord, writing: Writing, forum: Channel) -> None:
    where = there.guild.id
    card = replace(CARD, parts=[Heading("What I keep"), *CARD.parts])
    ref = await writing.write(where, forum.id, card, "notice-1")
    post = there.world.channels[ref]
    assert (post.name, post.parent) == ("What I keep", forum.id)
    async with asyncio.timeout(5):  # until the library was told of the post
        while await writing.written(where, forum.id, "notice-1") != ref:  # noqa: ASYNC110  # nothing else tells
            await asyncio.sleep(0.02)
    assert await writing.written(where, forum.id, "notice-2") is None
    await writing.rewrite(where, forum.id, ref, told("I keep nothing more."))
    assert "I keep nothing more." in there.transcript(post)


async def test_why_nothing_can_be_written_in_a_channel_is_told() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there) as line:
        writing, where = Writing(line.connection), there.guild.id
        unseen, mute = there.channel("board", bot=False), there.channel("news")
        there.overwrite(mute, "bot", deny=["send_messages"])
        troubles = []
        for channel in (unseen.id, mute.id, "1"):
            with pytest.raises(OutOfReach) as raised:
                await writing.write(where, channel, CARD, "notice-1")
            troubles.append(raised.value.trouble)
        assert troubles == ["not in channel", "may not write", "no such channel"]
        with pytest.raises(OutOfReach):
            await writing.written(where, unseen.id, "notice-1")
        with pytest.raises(OutOfReach):
            await writing.rewrite(where, unseen.id, "1", CARD)


async def test_a_card_in_private_knows_its_server_and_one_who_takes_none_is_told_of() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there) as line:
        ann, deaf, writing = there.person("Ann"), there.person("Ben", takes_dms=False), Writing(line.connection)
        await writing.write_to(there.guild.id, ann.id, CARD)
        assert "consent@" in str(there.bot_posts(ann.dm_channel)[0].components)
        with pytest.raises(NotShown, match="takes no direct messages"):
            await writing.write_to(there.guild.id, deaf.id, CARD)
        with pytest.raises(NotShown, match="knows this member no more"):
            await writing.write_to(there.guild.id, "12345", CARD)


async def test_a_card_that_was_changed_too_often_for_its_age_waits() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there) as line:
        general, writing = there.channel("general"), Writing(line.connection)
        ref = await writing.write(there.guild.id, general.id, CARD)
        there.fault("PATCH /channels/{channel}/messages/{message}", status=429, code=30046, retry_after=1000.0)
        with pytest.raises(NotReached):
            await writing.rewrite(there.guild.id, general.id, ref, told("new"))
        await writing.rewrite(there.guild.id, general.id, ref, told("new"))
        assert "new" in there.rendered(there.bot_posts(general)[0])


async def test_while_discord_does_not_answer_writing_waits() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there) as line:
        ann, general, writing = there.person("Ann"), there.channel("general"), Writing(line.connection)
        for call in ("POST /channels/{channel}/messages", "POST /users/@me/channels"):
            there.fault(call, status=418)
        with pytest.raises(NotReached):
            await writing.write(there.guild.id, general.id, CARD)
        with pytest.raises(NotReached):
            await writing.write_to(there.guild.id, ann.id, CARD)
