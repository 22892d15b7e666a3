"""The control message in Slack, from the command to what stands in the channel."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat import control
from bot.chat.verbs import moderation
from bot.chat.verbs.authority import Actor
from db import members, workspaces
from db.models import ControlMessage
from db.session import reading, transaction
from tests.fakes.in_slack import InSlack, in_slack
from tests.fakes.slack import Channel, FakeSlack, Message, Person
from tests.fakes.watching import Watching

OWNER = Actor("shell:me", "owner")


@pytest.fixture
async def bot(sqlite_sessions, tmp_path: Path, slack: FakeSlack, monkeypatch) -> AsyncIterator[InSlack]:
    monkeypatch.setattr(control, "PACE_S", 0.0)
    async with in_slack(sqlite_sessions, tmp_path, slack) as bot:
        yield bot


@pytest.fixture
async def ada(bot: InSlack, slack: FakeSlack) -> Person:
    """An admin."""
    ada = slack.person("Ada")
    async with transaction(bot.sessions) as session:
        now = datetime.now(UTC)
        harbour = await workspaces.ensure(session, "slack", slack.team, "Harbour", now)
        row = (await members.ensure(session, harbour, [(ada.id, "Ada")], now))[ada.id]
        await members.set_role(session, row.id, "admin", "test", now)
    return ada


async def placed(watching: Watching, slack: FakeSlack, ada: Person, where: Channel) -> Message:
    before = len(ada.ephemerals)
    await ada.slash("/yamabiko control", where)
    await slack.until(lambda: len(ada.ephemerals) > before)
    await watching.looks(2)
    [post] = slack.bot_posts(where)
    return post


async def test_it_stands_in_the_channel_and_is_changed_there(bot: InSlack, ada: Person, slack: FakeSlack) -> None:
    general, watching = slack.channel("general", ada), Watching(bot.desk, bot.platform)
    post = await placed(watching, slack, ada, general)
    assert "Nothing was trained yet." in slack.rendered(post)
    await moderation.pause(bot.sessions, OWNER)
    await watching.looks()
    assert slack.bot_posts(general) == [post]
    assert "Resume everything" in slack.rendered(post)
    before = len(ada.ephemerals)
    await ada.press(post, "resume", "0")
    await slack.until(lambda: len(ada.ephemerals) > before)
    assert "I answer everywhere again." in slack.rendered(ada.ephemerals[-1])
    await watching.looks()
    assert "Resume everything" not in slack.rendered(post)


async def test_placed_elsewhere_it_moves_and_deleted_by_hand_it_ends(
    bot: InSlack, ada: Person, slack: FakeSlack
) -> None:
    general, board = slack.channel("general", ada), slack.channel("board", ada)
    watching = Watching(bot.desk, bot.platform)
    await placed(watching, slack, ada, general)
    post = await placed(watching, slack, ada, board)
    assert slack.bot_posts(general) == []
    await slack.person("Mo", is_admin=True).delete(post)
    await moderation.pause(bot.sessions, OWNER)
    await watching.looks(2)
    async with reading(bot.sessions) as session:
        assert (await session.scalars(select(ControlMessage))).all() == []
    assert slack.bot_posts(board) == []
