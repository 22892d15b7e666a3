"""Replies: taken once, claimed by one at a time, claimable again when a lease lapsed."""

import asyncio
from datetime import timedelta

from db import personas, replies
from db.models import Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community


async def queued(sessions: Sessions, now, message: str = "m1") -> Reply | None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        every = await personas.every(session)
        persona = every[0] if every else await community.persona(session, now)
        return await replies.enqueue(
            session,
            Reply(
                channel_id=place.channel.id,
                persona_id=persona.id,
                asker_id=place.members["Ann"].id,
                platform_message_id=message,
                asked="hello",
                created_at=now,
            ),
        )


async def claim(sessions: Sessions, reply: Reply, by: str, at) -> Reply | None:
    async with transaction(sessions) as session:
        return await replies.claim(session, reply.id, by, at)


async def test_a_message_is_taken_once(sessions: Sessions, now) -> None:
    assert await queued(sessions, now) is not None
    assert await queued(sessions, now) is None
    assert await queued(sessions, now, "m2") is not None


async def test_of_several_who_claim_a_reply_one_gets_it(sessions: Sessions, now) -> None:
    reply = await queued(sessions, now)
    assert reply is not None
    won = await asyncio.gather(*(claim(sessions, reply, f"bot {n}", now) for n in range(5)))
    assert len([one for one in won if one is not None]) == 1


async def test_a_lapsed_lease_is_claimed_again_and_a_finished_reply_never(sessions: Sessions, now) -> None:
    reply = await queued(sessions, now)
    assert reply is not None
    assert await claim(sessions, reply, "a", now) is not None
    assert await claim(sessions, reply, "b", now + replies.LEASE / 2) is None
    again = await claim(sessions, reply, "b", now + replies.LEASE + timedelta(seconds=1))
    assert again is not None
    assert (again.attempt, again.claimed_by) == (2, "b")
    async with transaction(sessions) as session:
        answer = replies.Answer("hi", "stop", 3, 1, 0.1, 0.2)
        await replies.finish(session, reply.id, answer, None, [], now)
    assert await claim(sessions, reply, "c", now + timedelta(days=1)) is None
    async with reading(sessions) as session:
        row = await session.get_one(Reply, reply.id)
    assert (row.status, row.text, row.finish, row.lease_until) == ("done", "hi", "stop", None)


async def test_a_failed_reply_is_no_context_for_the_next(sessions: Sessions, now) -> None:
    first, second = await queued(sessions, now), await queued(sessions, now, "m2")
    assert first is not None
    assert second is not None
    async with transaction(sessions) as session:
        await replies.fail(session, first.id, "because", now)
    async with reading(sessions) as session:
        assert await replies.earlier(session, second, 5, now - timedelta(days=1)) == []
        assert (await session.get_one(Reply, first.id)).finish == "because"
