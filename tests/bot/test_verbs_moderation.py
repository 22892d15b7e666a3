"""Verbs that keep order: blocks, pauses, and replies that are listed and deleted."""

import pytest
from sqlalchemy import select

from bot.chat.replying.allowance import Allowance
from bot.chat.replying.router import NotAnswered, take
from bot.chat.verbs import moderation, text
from bot.chat.verbs.authority import Actor, NotAllowed
from bot.chat.verbs.moderation import CannotBeBlocked, NotBlocked, NotPaused
from db import audit, channels, members
from db.models import Block, Reply
from db.replies import NoSuchReply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.platform import mention

ADMIN = Actor("shell:me", "admin")


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    """Ann has asked something in Harbour/general."""
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await community.persona(session, now)
        ben = place.members["Ben"].platform_id
        await take(session, mention(f"who is <@member:{ben}>?"), Allowance())
    return sessions


async def answered(rows: Sessions, author: str = "Ann") -> bool:
    try:
        async with transaction(rows) as session:
            return await take(session, mention(author=author), Allowance()) is not None
    except NotAnswered:
        return False


async def as_member(rows: Sessions, name: str, role: members.RoleName = "member") -> Actor:
    async with reading(rows) as session:
        return Actor(f"member:{(await members.named(session, name)).id}", role)


async def test_a_blocked_member_is_not_answered_until_unblocked(rows: Sessions) -> None:
    assert await moderation.block(rows, ADMIN, "Ben", "spam") == "Ben"
    assert (await answered(rows, "Ben"), await answered(rows, "Ann")) == (False, True)
    assert [member.name for member in await text.list_members(rows, ADMIN) if member.blocked] == ["Ben"]
    assert await moderation.unblock(rows, ADMIN, "Ben") == "Ben"
    assert await answered(rows, "Ben")


async def test_blocking_again_keeps_the_latest_reason_and_who_gave_it(rows: Sessions) -> None:
    await moderation.block(rows, ADMIN, "Ben", "spam")
    await moderation.block(rows, Actor("member:1", "owner"), "Ben", "more spam")
    async with reading(rows) as session:
        found = (await session.scalars(select(Block))).one()
        assert (found.by, found.why) == ("member:1", "more spam")
        newest, _ = await audit.latest(session)
        assert newest.subject == {"member": "Ben", "why": "more spam"}


@pytest.mark.parametrize("role", ["admin", "owner"])
async def test_admins_and_owners_cannot_be_blocked(rows: Sessions, role: members.RoleName) -> None:
    await text.set_role(rows, Actor("shell:me", "owner"), "Ben", role)
    with pytest.raises(CannotBeBlocked, match=f"Ben is an {role}; `yamabiko role` takes that away"):
        await moderation.block(rows, ADMIN, "Ben")
    assert await answered(rows, "Ben")


async def test_unblocking_who_is_not_blocked_is_told(rows: Sessions) -> None:
    with pytest.raises(NotBlocked, match="Ben is not blocked; `yamabiko members` shows who is"):
        await moderation.unblock(rows, ADMIN, "Ben")


async def test_a_channel_is_paused_and_resumed(rows: Sessions) -> None:
    assert await moderation.pause(rows, ADMIN, "#general") == "general"
    assert [channel.paused for channel in await text.list_channels(rows, ADMIN)] == [True]
    assert not await answered(rows)
    assert await moderation.resume(rows, ADMIN, "general") == []
    assert [channel.paused for channel in await text.list_channels(rows, ADMIN)] == [False]
    assert await answered(rows)


async def test_everything_is_paused_and_resumed_apart_from_channels(rows: Sessions) -> None:
    assert await moderation.pause(rows, ADMIN) is None
    await moderation.pause(rows, ADMIN)
    await moderation.pause(rows, ADMIN, "general")
    assert await moderation.resume(rows, ADMIN) == ["general"]
    assert not await answered(rows)
    await moderation.pause(rows, ADMIN)
    assert await moderation.resume(rows, ADMIN, "general") == [None]
    assert not await answered(rows)
    assert [channel.paused for channel in await text.list_channels(rows, ADMIN)] == [True]
    assert await moderation.resume(rows, ADMIN) == []
    assert await answered(rows)


async def test_a_closed_channel_without_messages_is_listed_while_it_is_paused(rows: Sessions) -> None:
    await text.close(rows, ADMIN, "general")
    assert await text.list_channels(rows, ADMIN) == []
    await moderation.pause(rows, ADMIN, "general")
    assert [(one.name, one.state, one.paused) for one in await text.list_channels(rows, ADMIN)] == [
        ("general", "closed", True)
    ]


async def test_resuming_what_is_not_paused_says_what_is(rows: Sessions) -> None:
    with pytest.raises(NotPaused, match="general is not paused, so there is nothing to resume; paused: nothing"):
        await moderation.resume(rows, ADMIN, "general")
    await moderation.pause(rows, ADMIN, "general")
    with pytest.raises(NotPaused, match=r"Not everything is paused, .*; paused: general\."):
        await moderation.resume(rows, ADMIN)
    with pytest.raises(channels.NoSuchChannel, match="There is no channel 'nowhere'"):
        await moderation.pause(rows, ADMIN, "nowhere")


async def test_replies_are_listed_newest_first_with_names(rows: Sessions) -> None:
    async with transaction(rows) as session:
        await take(session, mention("and now?", "Ben"), Allowance())
    newest, oldest = await moderation.list_replies(rows, ADMIN)
    assert (newest.asker, newest.asked, newest.status, newest.text) == ("Ben", "and now?", "queued", None)
    assert (oldest.asker, oldest.asked) == ("Ann", "who is @Ben?")
    assert (oldest.workspace, oldest.channel, oldest.persona) == ("Harbour", "general", "echo")
    assert [reply.id for reply in await moderation.list_replies(rows, ADMIN, 1)] == [newest.id]


async def shown(rows: Sessions) -> None:
    async with transaction(rows) as session:
        reply = await session.get_one(Reply, 1)
        reply.status, reply.text, reply.shown_ref = "done", "Ben is a member.", "p1"


async def test_who_asked_may_delete_the_reply_and_no_other_member(rows: Sessions) -> None:
    await shown(rows)
    with pytest.raises(NotAllowed, match="Only the one who asked, or a curator, may delete this reply"):
        await moderation.delete_reply(rows, await as_member(rows, "Ben"), 1)
    assert [reply.text for reply in await moderation.list_replies(rows, ADMIN)] == ["Ben is a member."]
    assert await moderation.delete_reply(rows, await as_member(rows, "Ann"), 1) == "deleting"
    (gone,) = await moderation.list_replies(rows, ADMIN)
    assert (gone.status, gone.asked, gone.text) == ("deleting", "", None)
    async with reading(rows) as session:
        assert await audit.latest(session) == []  # one's own reply is one's own affair


@pytest.mark.parametrize("role", ["curator", "admin", "owner"])
async def test_curators_and_above_delete_anyones_reply_and_the_audit_tells(
    rows: Sessions, role: members.RoleName
) -> None:
    await shown(rows)
    ben = await as_member(rows, "Ben", role)
    assert await moderation.delete_reply(rows, ben, 1) == "deleting"
    async with reading(rows) as session:
        (row,) = await audit.latest(session)
        assert (row.actor, row.verb, row.subject) == (ben.name, "delete_reply", {"reply": 1})


async def test_an_unanswered_question_is_deleted_before_it_is_answered(rows: Sessions) -> None:
    assert await moderation.delete_reply(rows, await as_member(rows, "Ann"), 1) == "deleted"


async def test_deleting_a_reply_that_is_not_there_is_told(rows: Sessions) -> None:
    with pytest.raises(NoSuchReply, match="There is no reply 99; `yamabiko replies` lists them"):
        await moderation.delete_reply(rows, ADMIN, 99)
