"""A deleted reply: its words are gone at once, its message when the platform has taken it away."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db import members, personas, replies
from db.models import Feedback, Reply, ReplySource
from db.session import Sessions, reading, transaction
from tests.fakes import community


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    """Two answered questions; the second answer was given the first."""
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        persona = await community.persona(session, now)
        for number in (1, 2):
            said = {"status": "done", "text": "Hello from the mountain.", "shown_ref": f"shown {number}"}
            session.add(place.asked(persona, number, now, **said))
            await session.flush()
        session.add(ReplySource(reply_id=2, earlier_reply_id=1))
        session.add(Feedback(reply_id=1, member_id=place.members["Ben"].id, value=1, at=now))
    return sessions


async def erase(rows: Sessions, reply_id: int = 1, **before: object) -> Reply:
    async with transaction(rows) as session:
        reply = await replies.numbered(session, reply_id)
        for name, value in before.items():
            setattr(reply, name, value)
        await session.flush()
        await replies.erase(session, reply)
        return reply


async def to_remove(rows: Sessions, now, platform: str = "slack") -> list[int]:
    async with reading(rows) as session:
        return [one.reply.id for one in await replies.to_remove(session, platform, now)]


async def test_an_erased_reply_has_no_text_and_no_thumbs_and_keeps_what_it_was_given(rows: Sessions) -> None:
    await erase(rows, 1)
    await erase(rows, 2)
    async with reading(rows) as session:
        found = await session.get_one(Reply, 1)
        assert (found.asked, found.text, found.status, found.shown_ref) == ("", None, "deleting", "shown 1")
        assert await session.scalar(select(func.count()).select_from(Feedback)) == 0
        assert await session.scalar(select(func.count()).select_from(ReplySource)) == 1


@pytest.mark.parametrize("status", ["failed", "apologised", "done"])
async def test_why_an_erased_reply_ended_is_gone_too_for_it_may_quote_the_question(rows: Sessions, status: str) -> None:
    await erase(rows, status=status, finish="The server at host refused the request (400: cannot read 'hello').")
    async with reading(rows) as session:
        assert (await session.get_one(Reply, 1)).finish is None


async def test_an_erased_reply_is_no_context_for_the_next(rows: Sessions, now) -> None:
    async with reading(rows) as session:
        second = await session.get_one(Reply, 2)
        assert len(await replies.earlier(session, second, 5, now - timedelta(days=1))) == 1
    await erase(rows)
    async with reading(rows) as session:
        assert await replies.earlier(session, second, 5, now - timedelta(days=1)) == []


async def test_it_waits_for_its_own_platform_to_take_the_message_away(rows: Sessions, now) -> None:
    await erase(rows)
    assert await to_remove(rows, now, "discord") == []
    async with reading(rows) as session:
        (one,) = await replies.to_remove(session, "slack", now)
    assert (one.reply.shown_ref, one.channel.name, one.workspace.name) == ("shown 1", "general", "Harbour")
    assert (one.persona.name, one.asker.name) == ("echo", "Ann")
    async with transaction(rows) as session:
        await replies.removed(session, one.reply.id)
    assert await to_remove(rows, now) == []
    async with reading(rows) as session:
        found = await session.get_one(Reply, 1)
        assert (found.status, found.shown_ref) == ("deleted", None)


async def test_erasing_twice_changes_nothing_more(rows: Sessions) -> None:
    assert (await erase(rows)).status == "deleting"
    assert (await erase(rows)).status == "deleting"
    async with transaction(rows) as session:
        await replies.removed(session, 1)
    assert (await erase(rows)).status == "deleted"


@pytest.mark.parametrize("status", ["queued", "failed", "apologised"])
async def test_what_was_never_shown_is_deleted_at_once(rows: Sessions, now, status: str) -> None:
    assert (await erase(rows, status=status, shown_ref=None)).status == "deleted"
    assert await to_remove(rows, now) == []


async def test_a_reply_being_answered_goes_when_its_lease_has_lapsed(rows: Sessions, now) -> None:
    lease = now + timedelta(seconds=30)
    assert (await erase(rows, status="answering", shown_ref=None, lease_until=lease)).status == "deleting"
    assert await to_remove(rows, now) == []
    assert await to_remove(rows, lease) == [1]


async def test_an_erased_reply_is_never_taken_again(rows: Sessions, now) -> None:
    erased = await erase(rows)
    async with transaction(rows) as session:
        again = Reply(
            channel_id=erased.channel_id,
            persona_id=(await personas.named(session, "echo")).id,
            asker_id=(await members.named(session, "Ann")).id,
            platform_message_id="m1",
            asked="hello",
            created_at=now,
        )
        assert await replies.enqueue(session, again) is None


async def test_a_reply_that_is_not_there_is_told(rows: Sessions) -> None:
    with pytest.raises(replies.NoSuchReply, match="There is no reply 99; `yamabiko replies` lists them"):
        await erase(rows, 99)
