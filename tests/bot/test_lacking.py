"""A channel is open, and what people write there does not come: nothing is said there, and who can mend it hears."""

import asyncio

import pytest
from sqlalchemy import select

from bot.chat.collecting.backfill import Backfill
from bot.chat.collecting.live import Collecting
from bot.chat.collecting.opening import Opening
from bot.chat.events import Missed
from bot.chat.heartbeat import Pulse, beating
from bot.chat.keeping import Keeper, Standing
from bot.chat.notices import Notices
from bot.chat.platform import NotReached, OutOfReach, Trouble
from bot.chat.verbs import text, watching
from bot.chat.verbs.authority import Actor
from bot.doctor import _network
from db import channels, members, noticing, workspaces
from db.members import RoleName
from db.models import Channel, Message, Notice, Workspace
from db.session import Sessions, reading, transaction
from tests.fakes.messenger import RecordingMessenger
from tests.fakes.past import OWNER, open_channel, progress, read, texts
from tests.fakes.square import Square, text_of


class Withholding(Square):
    """A network that keeps what people write to itself; `lack` says so, and `unsure` that nobody knows yet."""

    lack: Trouble | None = "no message content"
    unsure = False

    def connected(self) -> bool:
        return True

    def lacks(self) -> Trouble | None:
        if self.unsure:
            raise NotReached("It is being asked for.")
        return self.lack


async def looks(sessions: Sessions, network: Square) -> None:
    """One look of a bot that has just been started."""
    await asyncio.gather(*await Opening(sessions, {"slack": network}, 365).look())
    await asyncio.gather(*await Backfill(sessions, {"slack": network}, 365).look())


async def heard_of(sessions: Sessions) -> list[tuple[str, str]]:
    async with reading(sessions) as session:
        rows = await session.scalars(select(Notice).where(Notice.kind == "unheard").order_by(Notice.id))
        return [(one.to, one.values["trouble"]) for one in rows]


async def member(sessions: Sessions, name: str, role: RoleName | None = None) -> int:
    async with transaction(sessions) as session:
        workspace = (await session.scalars(select(Workspace))).one()
        made = (await members.ensure(session, workspace, [(name, name)], workspace.created_at))[name]
        if role is not None:
            await members.set_role(session, made.id, role, "test", workspace.created_at)
        return made.id


async def test_who_opened_the_channel_hears_of_it_once_and_nothing_is_said_there(sessions: Sessions, now) -> None:
    number = await open_channel(sessions, now, state="closed", noticed=None)
    ann = await member(sessions, "Ann", "admin")
    await text.approve(sessions, Actor(f"member:{ann}", "admin"), number, False)
    network = Withholding()
    network.says("nobody reads this")
    for _ in range(3):  # looks, and restarts
        await looks(sessions, network)
    assert await heard_of(sessions) == [(f"member:{ann}", "no message content")]
    found = await progress(sessions)
    assert found is not None
    assert found.trouble == "no message content"
    assert network.posts == {}
    assert network.pages_read == []
    network.lack = None
    for _ in range(2):
        await looks(sessions, network)
    assert len(network.posts["C1"]) == 1
    assert await texts(sessions) == ["nobody reads this"]
    found = await progress(sessions)
    assert found is not None
    assert (found.trouble, found.done) == (None, True)


async def test_where_nobody_knows_yet_whether_it_comes_nobody_is_told_anything(sqlite_sessions: Sessions, now) -> None:
    await open_channel(sqlite_sessions, now, noticed=None)
    network = Withholding()
    network.unsure = True
    await looks(sqlite_sessions, network)
    assert (network.posts, await progress(sqlite_sessions), await heard_of(sqlite_sessions)) == ({}, None, [])


async def test_of_what_the_shell_opened_the_admins_hear_when_it_stops_coming(sqlite_sessions: Sessions, now) -> None:
    number = await open_channel(sqlite_sessions, now)
    await text.approve(sqlite_sessions, OWNER, number, False)
    ann, _ = await member(sqlite_sessions, "Ann", "admin"), await member(sqlite_sessions, "Ben")
    network = Withholding()
    network.lack = None
    network.says("heard")
    await read(sqlite_sessions, network)
    network.lack = "no message content"
    await Collecting(sqlite_sessions).missed(Missed("slack"))
    for _ in range(2):
        await looks(sqlite_sessions, network)
    assert await heard_of(sqlite_sessions) == [(f"member:{ann}", "no message content")]
    assert await texts(sqlite_sessions) == ["heard"]


async def test_the_notice_says_what_to_switch_on(sqlite_sessions: Sessions, now) -> None:
    await open_channel(sqlite_sessions, now, noticed=None)
    await member(sqlite_sessions, "Ann", "owner")
    await looks(sqlite_sessions, Withholding())
    messenger = RecordingMessenger()
    await Notices(sqlite_sessions, {"slack": messenger}).deliver()
    [(_, to, card)] = messenger.written
    assert to == "Ann"
    assert "**#general**" in text_of(card)
    assert "Message Content Intent" in text_of(card)


async def test_whoever_started_the_bot_reads_what_is_missing() -> None:
    network, said = Withholding(), list[str]()

    async def ignore(event: object) -> None: ...

    keeper = Keeper(network, ignore, said.append)
    network.unsure = True
    assert keeper.standing().lack is None
    network.unsure = False
    assert keeper.standing().lack == "no message content"
    network.lack = None
    keeper.standing()
    assert [one for one in said if "Message Content" in one] == [said[1]]
    assert said[0] == said[2] == "Slack: connected"


@pytest.mark.parametrize("kept", [True, False])
async def test_a_channel_deleted_while_nobody_listened_takes_what_came_from_it_along(
    sessions: Sessions, now, kept: bool
) -> None:
    await open_channel(sessions, now)
    network = Square()
    network.says("from the network")
    await read(sessions, network)
    if kept:
        async with transaction(sessions) as session:
            (await session.scalars(select(Message))).one().provenance = "slack_export"
    await Collecting(sessions).missed(Missed("slack"))
    network.fails = [OutOfReach("no such channel")]
    await looks(sessions, network)
    async with reading(sessions) as session:
        channel = (await session.scalars(select(Channel))).one()
    assert (channel.state, channel.noticed) == ("closed", "closed")
    assert await texts(sessions) == (["from the network"] if kept else [])


async def test_the_doctor_and_whoever_runs_the_bot_see_what_is_missing(sqlite_sessions: Sessions, now) -> None:
    standing = Standing("discord", since=now, lack="no message content")
    assert not _network(standing).ok
    async with beating(sqlite_sessions, "one", lambda: Pulse([standing], {})):
        async with asyncio.timeout(5):
            while not (seen := await watching.list_networks(sqlite_sessions, OWNER)):  # noqa: ASYNC110  # it beats by itself
                await asyncio.sleep(0.01)
        assert seen == [standing]
        found = await watching.glance(sqlite_sessions, OWNER, 1)
    assert [(network, "Message Content Intent" in why) for network, why in found.troubles] == [("discord", True)]


async def test_what_members_brought_themselves_is_no_channel_of_the_networks(sessions: Sessions, now) -> None:
    """A data package's channel may be opened; nobody stands there who could be told, and nothing is read there."""
    async with transaction(sessions) as session:
        for platform_id in (workspaces.PACKAGES[1], "42"):
            shelf = await workspaces.ensure(session, "discord", platform_id, platform_id, now)
            (await channels.ensure(session, shelf, "1", "general", now)).state = "training"
    async with reading(sessions) as session:
        opened = await channels.open_in(session, "discord")
        untold = await noticing.untold(session, ["discord"], now)
    assert len(opened) == 1
    assert [one.workspace.platform_id for one in untold] == ["42"]
