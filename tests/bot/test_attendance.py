"""When the bot was last in a network, and who talks to it in private there."""

from datetime import UTC, datetime, timedelta

from bot.chat.attendance import SLACK, Attendance
from db import channels, workspaces
from db.session import Sessions, transaction
from tests.fakes import community


async def test_what_was_missed_began_where_we_were_last_but_not_before_our_patience(sessions: Sessions) -> None:
    there = Attendance(sessions, "discord", patience=timedelta(minutes=15))
    now = datetime.now(UTC)
    assert timedelta(minutes=14) < now - await there.since() < timedelta(minutes=16), "it is not known"
    assert await there.since(now - timedelta(minutes=5)) == now - timedelta(minutes=5) - SLACK
    assert now - await there.since(now - timedelta(days=1)) < timedelta(minutes=16)
    await there.note()
    await there.note()
    assert datetime.now(UTC) - await there.since() < SLACK + timedelta(minutes=1)
    assert await Attendance(sessions, "slack").noted() is None


async def test_conversations_in_private_are_told_latest_first_and_none_that_is_long_over(sessions: Sessions) -> None:
    now = datetime.now(UTC)
    async with transaction(sessions) as session:
        found = await community.found(session, now)
        echo = await community.persona(session, now)
        server = await workspaces.ensure(session, "discord", "G1", "Town", now)
        for number, (name, days) in enumerate({"@Ann": 2, "@Ben": 1, "@Cat": 40, "general": 0}.items()):
            place = await channels.ensure(session, server, f"D{number}", name, now)
            at = now - timedelta(days=days)
            session.add(found.asked(echo, number, at, channel_id=place.id))
            session.add(found.asked(echo, number + 10, at, channel_id=place.id))
    assert await Attendance(sessions, "discord").directs() == ["D1", "D0"]
    assert await Attendance(sessions, "slack").directs() == []
