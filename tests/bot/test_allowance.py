"""Pauses and limits: who is not answered just now, until when, and that no two at once slip through."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.chat.events import ChannelSeen, Mention
from bot.chat.replying.allowance import Allowance, refusal
from bot.chat.replying.router import NotAnswered, take
from db import members, pauses, replies
from db.models import Channel, Member, Reply
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.platform import mention

NO_LIMIT = Allowance()
RANDOM = ChannelSeen("C2", "random")


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    async with transaction(sessions) as session:
        await community.found(session, now)
        await community.persona(session, now)
    return sessions


async def ask(rows: Sessions, allowance: Allowance, asked: Mention | None = None) -> str | None:
    """The sentence a mention is refused with, None when it is taken."""
    try:
        async with transaction(rows) as session:
            await take(session, asked or mention(), allowance)
    except NotAnswered as refused:
        return str(refused)
    return None


async def count(rows: Sessions) -> int:
    async with reading(rows) as session:
        return await session.scalar(select(func.count()).select_from(Reply)) or 0


async def change_replies(rows: Sessions, **values: object) -> None:
    async with transaction(rows) as session:
        await session.execute(update(Reply).values(**values))


async def refused(rows: Sessions, allowance: Allowance, at) -> str | None:
    """Why Ann is not answered in general at that moment."""
    async with transaction(rows) as session:
        channel = (await session.scalars(select(Channel).where(Channel.platform_id == "C1"))).one()
        return await refusal(session, allowance, channel, await members.named(session, "Ann"), at)


async def test_a_member_who_asks_too_often_hears_when_to_ask_again(rows: Sessions, now) -> None:
    limit = Allowance(member_per_minute=2)
    assert [await ask(rows, limit) for _ in range(2)] == [None, None]
    assert (await ask(rows, limit) or "").startswith("You have asked me a lot within a minute; please ask again in ")
    assert await count(rows) == 2
    assert await ask(rows, limit, mention(author="Ben")) is None
    assert "within a minute" in (await ask(rows, limit, mention(channel=RANDOM)) or "")


async def test_the_minute_moves_on(rows: Sessions, now) -> None:
    limit = Allowance(member_per_minute=2)
    for _ in range(2):
        await ask(rows, limit)
    await change_replies(rows, created_at=now)
    told = "You have asked me a lot within a minute; please ask again in {}."
    assert await refused(rows, limit, now + timedelta(seconds=17.5)) == told.format("43 seconds")
    assert await refused(rows, limit, now + timedelta(seconds=59.7)) == told.format("1 second")
    assert await refused(rows, limit, now + timedelta(seconds=60)) is None


async def test_a_channel_bears_so_much_from_all_together(rows: Sessions) -> None:
    limit = Allowance(channel_per_minute=2)
    assert await ask(rows, limit, mention(author="Ann")) is None
    assert await ask(rows, limit, mention(author="Ben")) is None
    told = await ask(rows, limit, mention(author="Zoe"))
    assert (told or "").startswith("I was asked a lot in this channel within a minute; please ask again in ")
    assert await ask(rows, limit, mention(author="Zoe", channel=RANDOM)) is None


async def test_only_so_many_questions_of_a_member_wait(rows: Sessions) -> None:
    limit = Allowance(member_waiting=1)
    assert await ask(rows, limit) is None
    told = "You have 1 question waiting for an answer already; please ask again when I have given one."
    assert await ask(rows, limit) == told
    assert await ask(rows, limit, mention(author="Ben")) is None
    await change_replies(rows, status="done")
    assert await ask(rows, limit) is None


async def test_what_a_dead_process_held_keeps_nobody_waiting(rows: Sessions, now) -> None:
    limit = Allowance(member_waiting=1)
    await ask(rows, limit)
    await change_replies(rows, status="answering", lease_until=now)
    assert await refused(rows, limit, now - timedelta(seconds=1)) is not None
    assert await refused(rows, limit, now) is None


@pytest.mark.parametrize(("role", "bound"), [("member", True), ("curator", True), ("admin", False), ("owner", False)])
async def test_admins_and_owners_have_no_limit_but_their_channels(rows: Sessions, now, role, bound: bool) -> None:
    async with transaction(rows) as session:
        await members.set_role(session, (await members.named(session, "Ann")).id, role, "test", now)
    assert await ask(rows, NO_LIMIT) is None
    assert (await ask(rows, Allowance(member_per_minute=1, member_waiting=1)) is not None) is bound
    assert "in this channel" in (await ask(rows, Allowance(channel_per_minute=1)) or "")


async def test_without_limits_everyone_may_ask_as_they_like(rows: Sessions) -> None:
    assert {await ask(rows, NO_LIMIT) for _ in range(30)} == {None}


async def test_what_was_taken_is_not_refused_when_it_is_delivered_again(rows: Sessions, now) -> None:
    limit = Allowance(member_per_minute=1, channel_per_minute=1, member_waiting=1)
    asked = mention()
    assert await ask(rows, limit, asked) is None
    async with transaction(rows) as session:
        await pauses.begin(session, None, "test", now)
    assert await ask(rows, limit, asked) is None
    assert await count(rows) == 1


@pytest.mark.parametrize(
    "limit", [Allowance(member_per_minute=3), Allowance(channel_per_minute=3), Allowance(member_waiting=3)], ids=str
)
async def test_of_many_who_ask_at_once_no_more_than_the_limit_get_through(rows: Sessions, limit: Allowance) -> None:
    told = await asyncio.gather(*(ask(rows, limit) for _ in range(12)))
    assert told.count(None) == await count(rows) == 3


async def test_the_same_mention_delivered_at_once_is_taken_once_and_never_refused(rows: Sessions) -> None:
    limit, asked = Allowance(member_per_minute=1, channel_per_minute=1, member_waiting=1), mention()
    assert set(await asyncio.gather(*(ask(rows, limit, asked) for _ in range(8)))) == {None}
    assert await count(rows) == 1


async def test_a_refused_mention_leaves_nothing_behind(rows: Sessions, now) -> None:
    async with transaction(rows) as session:
        await pauses.begin(session, None, "test", now)
    assert await ask(rows, NO_LIMIT, mention(author="Newcomer")) is not None
    async with reading(rows) as session:
        assert await session.scalar(select(Member).where(Member.name == "Newcomer")) is None


async def test_a_paused_channel_answers_nobody_and_the_others_do(rows: Sessions, now) -> None:
    async with transaction(rows) as session:
        channel = (await session.scalars(select(Channel))).one()
        await pauses.begin(session, channel.id, "test", now)
    assert await ask(rows, NO_LIMIT) == "An admin has asked me to pause here; please ask me again later."
    assert await ask(rows, NO_LIMIT, mention(channel=RANDOM)) is None
    async with transaction(rows) as session:
        assert await pauses.end(session, channel.id)
        await pauses.begin(session, None, "test", now)
    assert await ask(rows, NO_LIMIT) == await ask(rows, NO_LIMIT, mention(channel=ChannelSeen("C3", "new")))
    async with transaction(rows) as session:
        assert await pauses.end(session, None)
        assert not await pauses.end(session, None)
    assert await ask(rows, NO_LIMIT) is None


async def test_deleting_a_reply_does_not_make_room_for_another(rows: Sessions) -> None:
    limit = Allowance(member_per_minute=1)
    await ask(rows, limit)
    async with transaction(rows) as session:
        await replies.erase(session, await replies.numbered(session, 1))
    assert await ask(rows, limit) is not None
