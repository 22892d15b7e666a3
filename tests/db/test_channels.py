"""Channels: closed when met, found by name, told apart by workspace."""

import pytest

from db import channels, workspaces
from db.session import Sessions, reading, transaction
from tests.fakes import community


async def test_a_new_channel_is_closed_and_a_new_name_is_taken_over(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        workspace = await workspaces.ensure(session, "slack", "T1", "Harbour", now)
        first = await channels.ensure(session, workspace, "C1", "general", now)
        assert first.state == "closed"
        renamed = await channels.ensure(session, workspace, "C1", "lobby", now)
        nameless = await channels.ensure(session, workspace, "C1", "", now)
    assert first.id == renamed.id == nameless.id
    async with reading(sessions) as session:
        assert (await channels.named(session, "#lobby")).id == first.id


async def test_what_is_collected_from_a_platform_is_listed_but_for_what_members_brought(
    sessions: Sessions, now
) -> None:
    async with transaction(sessions) as session:
        for platform, id, state in (
            ("slack", "T1", "context"),
            ("discord", "G1", "closed"),
            ("discord", "G1", "training"),
            (*workspaces.PACKAGES, "training"),
        ):
            workspace = await workspaces.ensure(session, platform, id, "Harbour", now)
            channel = await channels.ensure(session, workspace, state, "general", now)
            channel.state = state
    async with reading(sessions) as session:
        (found,) = await channels.open_in(session, "discord")
    assert (found.workspace, found.channel, found.name) == ("G1", "training", "general")


async def test_a_name_in_two_workspaces_must_be_written_with_one_of_them(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        for name in ("Harbour", "Guild"):
            workspace = await workspaces.ensure(session, "slack", name, name, now)
            await channels.ensure(session, workspace, "C1", "general", now)
    async with reading(sessions) as session:
        with pytest.raises(channels.AmbiguousChannel, match="write WORKSPACE/general"):
            await channels.named(session, "general")
        found = await channels.named(session, "Guild/#general")
        assert (await workspaces.named(session, "Guild")).id == found.workspace_id
        with pytest.raises(channels.NoSuchChannel, match="There is no channel 'Harbour/random'"):
            await channels.named(session, "Harbour/random")


async def test_summaries_leave_out_closed_channels_without_messages(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await channels.ensure(session, place.workspace, "C2", "empty", now)
        spoken = await channels.ensure(session, place.workspace, "C3", "spoken", now)
        await place.says(session, now, ("Ann", "hello"))
        assert spoken.state == "closed"
    async with reading(sessions) as session:
        found = await channels.summaries(session)
    assert [(c.name, c.state, c.messages) for c in found] == [("general", "training", 1)]
