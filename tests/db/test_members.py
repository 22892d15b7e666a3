"""Members: found by name, number or platform id; what they agreed to is the latest they said."""

from datetime import timedelta

import pytest

from db import members, workspaces
from db.models import Block
from db.session import Sessions, reading, transaction
from tests.fakes import community


async def founded(sessions: Sessions, now, *names: str) -> community.Community:
    async with transaction(sessions) as session:
        return await community.found(session, now, *names)


async def test_a_member_is_made_once_and_a_new_name_is_taken_over(sessions: Sessions, now) -> None:
    place = await founded(sessions, now)
    async with transaction(sessions) as session:
        again = await members.ensure(session, place.workspace, [("Ann", "Anna"), ("U9", "")], now)
        assert again["Ann"].id == place.members["Ann"].id
        assert (again["Ann"].name, again["U9"].name) == ("Anna", "U9")
        kept = await members.ensure(session, place.workspace, [("Ann", "")], now)
        assert kept["Ann"].name == "Anna"


async def test_the_same_platform_id_in_two_workspaces_is_two_members(sessions: Sessions, now) -> None:
    place = await founded(sessions, now)
    async with transaction(sessions) as session:
        other = await workspaces.ensure(session, "discord", "G1", "Guild", now)
        twin = (await members.ensure(session, other, [("Ann", "Ann")], now))["Ann"]
    assert twin.id != place.members["Ann"].id
    async with reading(sessions) as session:
        with pytest.raises(members.NoSuchMember, match=r"Several members are called 'Ann'; write one of #\d+, #\d+"):
            await members.named(session, "Ann")
        assert (await members.named(session, f"#{twin.id}")).workspace_id == other.id


async def test_the_latest_answer_counts_and_each_purpose_by_itself(sessions: Sessions, now) -> None:
    ann, ben = (await founded(sessions, now)).members.values()
    async with transaction(sessions) as session:
        for hour, (yes, purpose) in enumerate([(True, "community"), (False, "community"), (True, "voice")]):
            await members.answer(session, [ann.id], purpose, yes, "g", "b", now + timedelta(hours=hour))
        await members.answer(session, [ben.id], "community", True, "g", "b", now)
    async with reading(sessions) as session:
        assert await members.consenting(session, "community") == {ben.id}
        assert await members.consenting(session, "voice") == {ann.id}
        assert await members.without_answer(session, [ann.id, ben.id], "voice") == [ben.id]


async def test_a_role_is_one_at_a_time_and_member_is_none(sessions: Sessions, now) -> None:
    ann = (await founded(sessions, now)).members["Ann"]
    for role in ("curator", "owner", "member"):
        async with transaction(sessions) as session:
            await members.set_role(session, ann.id, role, "b", now)
            assert await members.role_of(session, ann.id) == role


async def test_summaries_count_messages_and_show_blocks(sessions: Sessions, now) -> None:
    place = await founded(sessions, now)
    async with transaction(sessions) as session:
        await place.says(session, now, ("Ben", "one"), ("Ben", "two"), ("Ann", "three"))
        session.add(Block(member_id=place.members["Ann"].id, by="b", why="w", at=now))
    async with reading(sessions) as session:
        found = await members.summaries(session)
        assert await members.is_blocked(session, place.members["Ann"].id)
    assert [(m.name, m.messages, m.blocked) for m in found] == [("Ben", 2, False), ("Ann", 1, True)]
