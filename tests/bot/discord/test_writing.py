"""Cards that the bot writes unasked in Discord: found again, shown anew, sent in private."""

from dataclasses import replace

import pytest

from bot.chat.cards import Button, Card, Row, Text, told
from bot.chat.platform import NotShown, OutOfReach
from bot.chat.replying.posting import Gone
from bot.platforms.discord.writing import Writing, mark
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_line import on_line

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
