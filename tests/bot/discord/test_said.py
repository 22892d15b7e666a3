"""A message is one text, whether it is heard, read in the past, or brought by an exporter's file."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.chat.attendance import Attendance
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, Event, Posted, WorkspaceSeen, Written
from bot.platforms.discord.platform import Discord
from db.session import Sessions
from tests.fakes import discord_export as file
from tests.fakes.discord import Channel, FakeDiscord, Message, Person
from tests.fakes.pretended_discord.world import HAS_THREAD, Said


class Heard:
    """What was heard of people's messages, by their ids, and the network that told it."""

    def __init__(self, network: Discord) -> None:
        self.network, self.posted = network, dict[str, Posted]()

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Written):
            self.posted[event.posted.id] = event.posted

    async def past(self, there: FakeDiscord, channel: Channel) -> dict[str, Posted]:
        where = WorkspaceSeen("discord", there.guild.id, "Town")
        page = await self.network.history(where, ChannelSeen(channel.id, channel.name), None)
        return {one.posted.id: one.posted for one in page.written}


@pytest.fixture
async def heard(discord: FakeDiscord, sqlite_sessions: Sessions) -> AsyncIterator[Heard]:
    discord.app.message_content = True

    async def opened() -> set[int]:
        return {1}

    desk, attendance = Desk(cast(Any, SimpleNamespace(sessions=None))), Attendance(sqlite_sessions, "discord")
    network = Discord(desk, attendance, discord.token, discord.api, discord.link, opened=opened)
    heard = Heard(network)
    running = asyncio.create_task(network.run(heard.on_event))
    await discord.until(network.connected)
    yield heard
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def exported(
    path: Path, there: FakeDiscord, place: Channel, parent: Channel, message: Message, content: str, *named: Person
) -> Posted:
    """What the importer makes of the file that the exporter writes of this one message."""

    def row(person: Person) -> dict[str, Any]:
        member = there.guild.members[person.id]
        shown = member.nick or person.user.shown_name
        return file.user(person.id, person.user.name, shown, is_bot=person.user.is_bot)

    author = Person(there, there.world.users[message.author])
    more: dict[str, Any] = {"mentions": [row(one) for one in named], "timestampEdited": _iso(message.edited)}
    if message.kind == Said.REPLY and message.reference:
        more |= {"type": "Reply", "reference": {"messageId": message.reference["message_id"]}}
    said = file.said(content, 1, row(author), id=message.id, timestamp=_iso(message.at), **more)
    about = {"id": place.id, "name": place.name, "type": "GuildTextChat", "categoryId": None, "category": None}
    if place is not parent:
        about |= {"type": "GuildPublicThread", "categoryId": parent.id, "category": parent.name}
    [found], _, _ = file.everything(file.export(path / "file.json", said, channel=about))
    return found


def _iso(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat() if at is not None else None


def close(one: Posted) -> tuple[object, ...]:
    """All but the fractions of a millisecond, which Discord's ids do not have."""
    edited = one.edited_at.timestamp() if one.edited_at else None
    at = int(one.at.timestamp() * 1000)
    return one.channel, one.id, one.author, at, edited, one.text, one.thread, one.reply_to, one.conversation


async def test_a_message_is_the_same_however_it_comes(
    discord: FakeDiscord, general: Channel, heard: Heard, tmp_path: Path
) -> None:
    ann, ben = discord.person("Ann", is_admin=True), discord.person("Ben", nick="Benny")
    robot, crew = discord.robot("Helper"), discord.role("crew", mentionable=True)
    discord.guild.members[robot.id].nick = "Helping Hand"
    typed = {
        f"ask <@{ben.id}> or <@!{ben.id}>": ("ask @Benny or @Benny", [ben]),
        f"ask <@{robot.id}>, or <@{discord.bot_id}>": ("ask @Helping Hand, or @yamabiko", [robot]),
        f"<@&{crew.id}> in <#{general.id}>": ("@crew in #general", []),
        "hi <:wave:123456789012345678> </ask:123456789012345678>": ("hi :wave: /ask", []),
        "see <https://a.example/b>": ("see https://a.example/b", []),
        "I typed <@member:5>": ("I typed <@member:5>", []),
    }
    said = {key: await ann.post(general, key) for key in typed}
    thread = await ann.start_thread(said["see <https://a.example/b>"], "links")
    answer = await ben.post(general, "I  see", said["see <https://a.example/b>"], thread=thread)
    inside = await ben.post(general, "here", thread=thread)
    await ann.edit(inside := await ann.post(general, "helo", thread=thread), "hello")
    await discord.settled()
    cases = [(general, said[key], *typed[key]) for key in typed]
    cases += [(thread, answer, "I  see", []), (thread, inside, "hello", [])]
    await discord.until(lambda: len(heard.posted) == len(cases) + 1 and heard.posted[inside.id].text == "hello")
    past = await heard.past(discord, general)
    for place, message, content, named in cases:
        wanted = close(exported(tmp_path, discord, place, general, message, content, *named))
        assert close(heard.posted[message.id]) == wanted
        assert close(past[message.id]) == wanted


async def test_what_is_forwarded_or_written_by_no_person_is_not_taken(
    discord: FakeDiscord, general: Channel, ann: Person, heard: Heard
) -> None:
    await ann.post(general, "", files=["boat.png"])
    hook = Message(discord.world.snowflake(), general.id, ann.id, discord.clock.now(), "by a webhook", webhook="77")
    forwarded = Message(discord.world.snowflake(), general.id, ann.id, discord.clock.now(), "", flags=HAS_THREAD)
    forwarded.reference = {"type": 1, "message_id": "1", "channel_id": general.id}
    gone = Message(discord.world.snowflake(), general.id, ann.id, discord.clock.now(), "from the past")
    for one in (hook, forwarded, gone):
        discord.post(one)
    last = await ann.post(general, "mine")
    await discord.until(lambda: last.id in heard.posted)
    ann.user.name = "deleted_user_0a1b2c3d"
    assert set(await heard.past(discord, general)) == set()
    assert set(heard.posted) == {gone.id, last.id}
