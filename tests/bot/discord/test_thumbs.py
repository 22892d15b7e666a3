"""Reactions in Discord as thumbs: the real SDK against the pretended one."""

import discord as library
import pytest

from bot.chat.events import Cleared, MemberSeen, Thumbed, WorkspaceSeen
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.homes import Homes
from bot.platforms.discord.thumbs import Thumbs, value_of
from tests.fakes.discord import Channel, FakeDiscord, Message
from tests.fakes.discord_line import Line, on_line


def rooms(connection: Connection) -> list[Thumbs]:
    return [Thumbs(Homes(connection).of)]


@pytest.mark.parametrize(
    ("emoji", "value"),
    [("👍", 1), ("👍🏽", 1), ("👎", -1), ("👎🏿", -1), ("❤️", 1), ("🎉", 1), ("🤔", None), ("", None), ("👍👎", None)],
)
def test_thumbs_and_their_like_judge_whatever_the_skins_colour(emoji: str, value: int | None) -> None:
    assert value_of(library.PartialEmoji(name=emoji)) == value


def test_a_servers_own_emoji_judge_nothing() -> None:
    assert value_of(library.PartialEmoji(name="👍", id=42)) is None


async def says(line: Line, there: FakeDiscord, channel: Channel) -> Message:
    sent = await line.connection.client.get_partial_messageable(int(channel.id)).send("Good morning.")
    return there.world.channels[channel.id].messages[str(sent.id)]


async def test_reactions_to_what_we_said_come_as_thumbs_given_and_taken_back() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there, rooms) as line:
        ann, ben = there.person("Ann", nick="Annie"), there.person("Ben")
        general = there.channel("general")
        town = WorkspaceSeen("discord", there.guild.id, "Town")
        said, question = await says(line, there, general), await ann.post(general, "good morning")
        await ann.react(question, "👍")
        await ann.react(said, "👍🏽")
        await ben.react(said, "👎")
        await ben.react(said, "🤔")
        await ben.unreact(said, "👎")
        await there.until(lambda: len(line.heard) == 3)
        assert line.heard == [
            Thumbed(town, general.id, said.id, MemberSeen(ann.id, "Annie"), 1, True, "👍🏽"),
            Thumbed(town, general.id, said.id, MemberSeen(ben.id, "Ben"), -1, True, "👎"),
            Thumbed(town, general.id, said.id, MemberSeen(ben.id, ""), -1, False, "👎"),
        ]


async def test_what_a_moderator_clears_is_told_by_its_kind() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there, rooms) as line:
        ann = there.person("Ann", is_admin=True)
        general = there.channel("general")
        town = WorkspaceSeen("discord", there.guild.id, "Town")
        said = await says(line, there, general)
        for emoji in ("👍", "👎", "🤔"):
            await ann.react(said, emoji)
        await ann.clear_reactions(said, "🤔")
        await ann.clear_reactions(said, "👎")
        await ann.clear_reactions(said)
        await there.until(lambda: len(line.heard) == 4)
        assert line.heard[2:] == [
            Cleared(town, general.id, said.id, "👎"),
            Cleared(town, general.id, said.id),
        ]


async def test_in_a_thread_they_belong_to_its_channel_and_in_direct_messages_to_the_members_server() -> None:
    async with FakeDiscord.running(limits=False) as there, on_line(there, rooms) as line:
        ann, stranger = there.person("Ann"), there.person("Zoe")
        general = there.channel("general")
        thread = await ann.start_thread(await ann.post(general, "harvest"), "harvest")
        in_thread, private = await says(line, there, thread), await says(line, there, ann.dm_channel)
        foreign = await says(line, there, stranger.dm_channel)
        await ann.react(in_thread, "👍")
        await stranger.leave(there.guild)
        await stranger.react(foreign, "👍")
        await ann.react(private, "👍")
        await there.until(lambda: len(line.heard) == 2)
        first, second = line.heard
        assert isinstance(first, Thumbed)
        assert isinstance(second, Thumbed)
        assert (first.channel, first.ref) == (general.id, in_thread.id)
        assert (second.workspace.id, second.channel) == (there.guild.id, ann.dm_channel.id)
