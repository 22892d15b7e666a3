"""Replies: the row of a mention is the queue, the record and the next mention's context.

Owns every change of a reply's state. Knows no engine and no platform.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Reply, ReplySource
from db.redact import redact

LEASE = timedelta(minutes=5)  # longer than any reply may take


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine gave, and what it took (seconds, tokens)."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float


async def enqueue(session: AsyncSession, reply: Reply) -> Reply | None:
    """Keep a mention to be answered; None when this message was taken before (a redelivery)."""
    known = select(Reply.id).where(
        Reply.channel_id == reply.channel_id, Reply.platform_message_id == reply.platform_message_id
    )
    if await session.scalar(known) is not None:
        return None
    session.add(reply)
    await session.flush()
    return reply


async def claim(session: AsyncSession, reply_id: int, by: str, now: datetime) -> Reply | None:
    """The reply as ours to answer; None when it is done or someone else's lease holds."""
    reply = await session.scalar(select(Reply).where(Reply.id == reply_id).with_for_update())
    if reply is None or reply.status not in ("queued", "answering"):
        return None
    if reply.status == "answering" and reply.lease_until is not None and reply.lease_until > now:
        return None
    reply.status, reply.claimed_by, reply.lease_until = "answering", by, now + LEASE
    reply.attempt += 1
    await session.flush()
    return reply


async def earlier(session: AsyncSession, reply: Reply, limit: int, since: datetime) -> list[Reply]:
    """The latest answered replies of the same channel and thread before this one, oldest first."""
    same_thread = Reply.thread.is_not_distinct_from(reply.thread)
    rows = await session.scalars(
        select(Reply)
        .where(
            Reply.channel_id == reply.channel_id,
            same_thread,
            Reply.persona_id == reply.persona_id,
            Reply.id < reply.id,
            Reply.status == "done",
            Reply.created_at > since,
        )
        .order_by(Reply.id.desc())
        .limit(limit)
    )
    return list(reversed(rows.all()))


async def shown(session: AsyncSession, reply_id: int, ref: str) -> None:
    """Remember what the platform shows, the moment it shows it."""
    reply = await session.get_one(Reply, reply_id)
    reply.shown_ref = ref


async def finish(
    session: AsyncSession,
    reply_id: int,
    answer: Answer,
    adapter_id: int | None,
    given: list[int],
    now: datetime,
) -> None:
    """The answer, with its lineage: `given` are the earlier replies it was given."""
    reply = await session.get_one(Reply, reply_id)
    reply.status, reply.text, reply.finish = "done", redact(answer.text).text, answer.finish
    reply.prompt_tokens, reply.completion_tokens = answer.prompt_tokens, answer.completion_tokens
    reply.first_token_s, reply.total_s = answer.first_token_s, answer.total_s
    reply.adapter_id, reply.finished_at, reply.lease_until = adapter_id, now, None
    session.add_all(ReplySource(reply_id=reply_id, earlier_reply_id=earlier_id) for earlier_id in given)


async def fail(session: AsyncSession, reply_id: int, why: str, now: datetime) -> None:
    reply = await session.get_one(Reply, reply_id)
    reply.status, reply.finish, reply.finished_at, reply.lease_until = "failed", why, now, None
