"""Replies: taken once, claimed by one at a time, claimable again when a lease lapsed, ended by the current attempt."""

import asyncio
from datetime import timedelta

import pytest

from db import personas, replies
from db.models import Reply
from db.replies import LEASE, Placed, Reach, ReplyLost
from db.session import Sessions, reading, transaction
from tests.fakes import community

SECOND = timedelta(seconds=1)
ANSWER = replies.Answer("hi", "stop", 3, 1, 0.1, 0.2)


async def queued(sessions: Sessions, now, message: str = "m1", **changed: str) -> Reply | None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        every = await personas.every(session)
        persona = every[0] if every else await community.persona(session, now)
        values = {"platform_message_id": message, "asked": "hello", "created_at": now, **changed}
        places = {
            "channel_id": place.channel.id,
            "persona_id": persona.id,
            "asker_id": place.members["Ann"].id,
        }
        return await replies.enqueue(session, Reply(**places, **values))


async def claimed(sessions: Sessions, by: str, at, limit: int = 10, *reach: Reach) -> list[Placed]:
    async with transaction(sessions) as session:
        return await replies.claim(session, by, reach or [Reach("slack", None, at)], at, limit)


async def one_claimed(sessions: Sessions, by: str, at) -> Reply:
    (one,) = await claimed(sessions, by, at)
    return one.reply


async def renewed(sessions: Sessions, at, *held: Reply) -> set[int]:
    async with transaction(sessions) as session:
        return await replies.renew(session, {reply.id: reply.attempt for reply in held}, at)


async def row(sessions: Sessions, reply: Reply) -> Reply:
    async with reading(sessions) as session:
        return await session.get_one(Reply, reply.id)


async def test_a_message_is_taken_once(sessions: Sessions, now) -> None:
    assert await queued(sessions, now) is not None
    assert await queued(sessions, now) is None
    assert await queued(sessions, now, "m2") is not None


async def test_a_claimed_reply_knows_its_place(sessions: Sessions, now) -> None:
    await queued(sessions, now, thread="t1")
    (one,) = await claimed(sessions, "a", now)
    assert (one.workspace.platform, one.workspace.platform_id, one.channel.platform_id) == ("slack", "T1", "C1")
    assert (one.asker.platform_id, one.persona.name, one.reply.thread) == ("Ann", "echo", "t1")
    kept = await row(sessions, one.reply)
    assert (kept.status, kept.attempt, kept.claimed_by, kept.lease_until) == ("answering", 1, "a", now + LEASE)


async def test_the_oldest_are_claimed_first_and_no_more_than_there_is_room_for(sessions: Sessions, now) -> None:
    for number in range(5):
        await queued(sessions, now, f"m{number}")
    first, second = await claimed(sessions, "a", now, 2), await claimed(sessions, "b", now, 10)
    assert [one.reply.platform_message_id for one in first + second] == ["m0", "m1", "m2", "m3", "m4"]
    assert len(first) == 2


async def test_of_several_who_claim_at_once_each_row_goes_to_one(sessions: Sessions, now) -> None:
    for number in range(8):
        await queued(sessions, now, f"m{number}")
    won = await asyncio.gather(*(claimed(sessions, f"bot {n}", now, 3) for n in range(5)))
    ids = [one.reply.id for some in won for one in some]
    assert len(ids) == len(set(ids)) > 0
    rest = await claimed(sessions, "late", now)
    assert len(ids) + len(rest) == 8


async def test_only_the_rows_of_reached_networks_and_sittings_are_claimed(sessions: Sessions, now) -> None:
    await queued(sessions, now, "m1", thread="mine")
    await queued(sessions, now, "m2", thread="yours")
    await queued(sessions, now - timedelta(hours=1), "m3", thread="yesterday's")
    assert await claimed(sessions, "a", now, 10, Reach("discord", None, now)) == []
    mine = Reach("slack", "mine", now - timedelta(minutes=15))
    reached = await claimed(sessions, "a", now, 10, Reach("discord", None, now), mine)
    assert [one.reply.platform_message_id for one in reached] == ["m1", "m3"]


async def test_a_lease_keeps_others_away_until_it_lapses(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    await one_claimed(sessions, "a", now)
    assert await claimed(sessions, "b", now + LEASE / 2) == []
    again = await one_claimed(sessions, "b", now + LEASE + SECOND)
    assert (again.attempt, again.claimed_by) == (2, "b")


async def test_all_leases_in_hand_are_renewed_but_for_what_was_lost_or_ended(sessions: Sessions, now) -> None:
    for number in range(3):
        await queued(sessions, now, f"m{number}")
    kept, lost, ended = [one.reply for one in await claimed(sessions, "a", now)]
    async with transaction(sessions) as session:
        await replies.fail(session, ended, "because", None, now)
    assert await renewed(sessions, now + LEASE / 2, kept) == {kept.id}
    assert (await one_claimed(sessions, "b", now + LEASE + SECOND)).id == lost.id
    later = now + 2 * LEASE
    assert await renewed(sessions, later, kept, lost, ended) == {kept.id}
    assert (await row(sessions, kept)).lease_until == later + LEASE
    assert (await row(sessions, lost)).claimed_by == "b"


async def test_an_attempt_that_slept_goes_on_when_nobody_followed_it(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    reply = await one_claimed(sessions, "a", now)
    assert await renewed(sessions, now + 5 * LEASE, reply) == {reply.id}
    assert await claimed(sessions, "b", now + 5 * LEASE + SECOND) == []


async def test_what_is_shown_is_kept_while_the_reply_is_ours(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    first = await one_claimed(sessions, "a", now)
    async with transaction(sessions) as session:
        await replies.shown(session, first, "p1")
    second = await one_claimed(sessions, "b", now + LEASE + SECOND)
    assert second.shown_ref == "p1"
    with pytest.raises(ReplyLost, match=r"Reply \d+ was taken over by another attempt\."):
        async with transaction(sessions) as session:
            await replies.shown(session, first, "p2")
    assert (await row(sessions, first)).shown_ref == "p1"


async def finish(session, reply: Reply, now) -> None:
    await replies.finish(session, reply, ANSWER, "p1", None, [], now)


async def fail(session, reply: Reply, now) -> None:
    await replies.fail(session, reply, "why", "p", now)


async def apologise(session, reply: Reply, now) -> None:
    await replies.apologise(session, reply, "why", "p", now)


async def test_only_the_current_attempt_ends_a_reply_and_only_once(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    old = await one_claimed(sessions, "a", now)
    current = await one_claimed(sessions, "b", now + LEASE + SECOND)

    async def refuses(reply: Reply) -> None:
        for end in (finish, fail, apologise):
            with pytest.raises(ReplyLost):
                async with transaction(sessions) as session:
                    await end(session, reply, now)

    await refuses(old)
    async with transaction(sessions) as session:
        await finish(session, current, now)
    await refuses(current)
    kept = await row(sessions, current)
    assert (kept.status, kept.text, kept.finish, kept.lease_until) == ("done", "hi", "stop", None)
    assert (kept.shown_ref, kept.claimed_by, kept.finished_at) == ("p1", "b", now)
    assert await claimed(sessions, "c", now + timedelta(days=1)) == []


async def test_an_attempt_of_the_same_process_is_fenced_like_any_other(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    slept = await one_claimed(sessions, "a", now)
    await one_claimed(sessions, "a", now + LEASE + SECOND)
    assert await renewed(sessions, now + LEASE + SECOND, slept) == set()
    with pytest.raises(ReplyLost):
        async with transaction(sessions) as session:
            await replies.finish(session, slept, ANSWER, None, None, [], now)


async def test_an_apology_ends_a_reply_and_has_ended_says_so(sessions: Sessions, now) -> None:
    await queued(sessions, now)
    reply = await one_claimed(sessions, "a", now)
    async with transaction(sessions) as session:
        assert not await replies.has_ended(session, reply.id)
        await replies.apologise(session, reply, "too late", "p1", now)
        assert await replies.has_ended(session, reply.id)
    kept = await row(sessions, reply)
    assert (kept.status, kept.finish, kept.text, kept.shown_ref) == ("apologised", "too late", None, "p1")
    assert await claimed(sessions, "b", now + timedelta(days=1)) == []


async def test_a_failed_or_late_reply_is_no_context_for_the_next(sessions: Sessions, now) -> None:
    for number in range(3):
        await queued(sessions, now, f"m{number}")
    failed, late, last = [one.reply for one in await claimed(sessions, "a", now)]
    async with transaction(sessions) as session:
        await replies.fail(session, failed, "because", None, now)
        await replies.apologise(session, late, "too late", None, now)
    async with reading(sessions) as session:
        assert await replies.earlier(session, last, 5, now - timedelta(days=1)) == []
        assert (await session.get_one(Reply, failed.id)).finish == "because"
