"""Verbs on channels, review, members, consent and permission."""

import pytest

from bot.chat.verbs import text
from bot.chat.verbs.authority import Actor, NotAllowed
from bot.chat.verbs.text import GroundMissing
from db import channels, datasets, members, messages, workspaces
from db.session import Sessions, reading, transaction
from tests.fakes import community

OWNER = Actor("shell:me", "owner")


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    """Ann and Ben have said one thing each in Harbour/general, which a persona learns from."""
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        place.channel.state = "closed"
        await place.says(session, now, ("Ann", "good morning all"), ("Ben", "hello"))
        await community.persona(session, now, place.channel)
    return sessions


async def learnable(rows: Sessions) -> tuple[list[str], dict[str, int]]:
    from db import personas

    async with reading(rows) as session:
        found = await datasets.learnable(session, await personas.named(session, "echo"))
    return [one.text for one in found.texts], dict(found.left_out)


async def test_a_channel_is_closed_until_an_admin_opens_it(rows: Sessions) -> None:
    assert [(c.name, c.state, c.messages) for c in await text.list_channels(rows, OWNER)] == [("general", "closed", 2)]
    assert await text.approve(rows, OWNER, "#general", False) == "general"
    assert (await text.list_channels(rows, OWNER))[0].state == "context"
    await text.approve(rows, OWNER, "Harbour/general", True, review_each=True)
    assert (await text.list_channels(rows, OWNER))[0].state == "training"
    assert (await text.list_channels(rows, OWNER))[0].review_each
    await text.close(rows, OWNER, "general")
    assert (await text.list_channels(rows, OWNER))[0].state == "closed"


async def test_a_channel_that_is_not_there_is_told(rows: Sessions) -> None:
    with pytest.raises(channels.NoSuchChannel, match="There is no channel 'nowhere'; `yamabiko channel list`"):
        await text.approve(rows, OWNER, "nowhere", True)


async def test_nothing_is_learned_without_consent_and_it_can_be_withdrawn(rows: Sessions) -> None:
    await text.approve(rows, OWNER, "general", True)
    assert await learnable(rows) == ([], {"no consent": 2})
    assert await text.consent(rows, OWNER, "Ann", True, "community", "told me on 2 May") == 1
    assert await learnable(rows) == (["good morning all"], {"no consent": 1})
    await text.consent(rows, OWNER, "Ann", False, "community", "changed her mind")
    assert await learnable(rows) == ([], {"no consent": 2})


async def test_consent_for_everyone_reaches_only_those_who_never_answered(rows: Sessions) -> None:
    await text.consent(rows, OWNER, "Ann", False, "community", "told me")
    assert await text.consent(rows, OWNER, None, True, "community", "signed forms") == 1
    summary = {member.name: member.consents for member in await text.list_members(rows, OWNER)}
    assert summary == {"Ann": {"community": False}, "Ben": {"community": True}}
    assert await text.consent(rows, OWNER, None, True, "community", "signed forms") == 0


@pytest.mark.parametrize("ground", ["", "   "])
async def test_a_consent_without_a_ground_is_refused_with_an_example(rows: Sessions, ground: str) -> None:
    with pytest.raises(GroundMissing, match="Say what this consent rests on, for example"):
        await text.consent(rows, OWNER, "Ann", True, "community", ground)
    assert all(not member.consents for member in await text.list_members(rows, OWNER))


async def test_a_ground_permits_training_on_api_text_and_an_empty_one_withdraws_it(rows: Sessions, now) -> None:
    assert await text.permit_training(rows, OWNER, "Harbour", " an agreement with Slack ") == "Harbour"
    async with reading(rows) as session:
        workspace = await workspaces.named(session, "slack:Harbour")
        assert (workspace.permission_ground, workspace.permission_by) == (
            "an agreement with Slack",
            "shell:me",
        )
    await text.permit_training(rows, OWNER, "Harbour", "")
    async with reading(rows) as session:
        assert (await workspaces.named(session, "T1")).permission_ground is None
    with pytest.raises(workspaces.NoSuchWorkspace, match="There is no workspace 'Elsewhere'"):
        await text.permit_training(rows, OWNER, "Elsewhere", "x")


async def test_review_leaves_out_approves_and_lists_by_state(rows: Sessions) -> None:
    await text.approve(rows, OWNER, "general", True)
    await text.consent(rows, OWNER, None, True, "community", "forms")
    first, second = await text.to_review(rows, OWNER, "general", None, 10)
    assert (first.author, first.text, first.review) == ("Ann", "good morning all", "pending")
    assert await text.review(rows, OWNER, [first.id], "left_out") == 1
    assert await learnable(rows) == (["hello"], {"left out in review": 1})
    await text.review(rows, OWNER, [first.id, second.id], "approved")
    assert len(await text.to_review(rows, OWNER, "general", "approved", 10)) == 2
    assert await text.to_review(rows, OWNER, "general", "pending", 10) == []


async def test_reviewing_a_message_that_is_not_there_changes_none_of_the_others(rows: Sessions) -> None:
    (first, _) = await text.to_review(rows, OWNER, "general", None, 10)
    with pytest.raises(messages.NoSuchMessage, match="does not exist; `yamabiko review CHANNEL` lists them"):
        await text.review(rows, OWNER, [first.id, 999], "approved")
    assert await text.to_review(rows, OWNER, "general", "approved", 10) == []


async def test_the_newest_messages_are_reviewed_oldest_first(rows: Sessions) -> None:
    assert [row.text for row in await text.to_review(rows, OWNER, "general", None, 1)] == ["hello"]


async def test_roles_are_given_and_taken(rows: Sessions) -> None:
    await text.set_role(rows, OWNER, "Ben", "admin")
    await text.set_role(rows, OWNER, "Ann", "curator")
    roles = {member.name: member.role for member in await text.list_members(rows, OWNER)}
    assert roles == {"Ann": "curator", "Ben": "admin"}
    await text.set_role(rows, OWNER, "Ben", "member")
    roles = {member.name: member.role for member in await text.list_members(rows, OWNER)}
    assert roles == {"Ann": "curator", "Ben": "member"}


async def test_an_unknown_role_and_an_unknown_member_are_told(rows: Sessions) -> None:
    with pytest.raises(NotAllowed, match="There is no role 'king'; the roles are member, curator, admin, owner"):
        await text.set_role(rows, OWNER, "Ben", "king")  # type: ignore[arg-type]  # as a chat command could
    with pytest.raises(members.NoSuchMember, match="There is no member 'Zoe'; `yamabiko members` shows them"):
        await text.set_role(rows, OWNER, "Zoe", "admin")
