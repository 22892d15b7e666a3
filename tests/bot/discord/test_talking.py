"""Who asks in Discord, and what they are answered: the real SDK against the pretended servers."""

from pathlib import Path

from sqlalchemy import select

from db.models import Channel, Member, Workspace
from db.session import Sessions, reading
from tests.fakes.discord import Channel as Place
from tests.fakes.discord import FakeDiscord, Person
from tests.fakes.in_discord import in_discord


async def test_a_mention_in_a_channel_is_answered_once_under_it(
    sqlite_sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Place
) -> None:
    async with in_discord(sqlite_sessions, tmp_path, discord, "Hello **Ann**, from the mountain.") as bot:
        asked = await ann.post(general, f"so, <@{discord.bot_id}> how are you?")
        (reply,) = await bot.done()
        (shown,) = discord.bot_posts(general)
        assert shown.content == "Hello **Ann**, from the mountain.\n-# AI · echo"
        assert shown.reference is not None
        assert shown.reference["message_id"] == asked.id
        assert (reply.status, reply.asked, reply.shown_ref) == ("done", "so, how are you?", shown.id)
        assert shown.pings == []
        assert general.typed
    async with reading(sqlite_sessions) as session:
        assert await session.scalar(select(Member.name)) == "Ann"
        assert await session.scalar(select(Channel.name)) == "general"
        assert await session.scalar(select(Workspace.platform_id)) == discord.guild.id
