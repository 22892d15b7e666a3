"""Replies: the row of a mention is the queue, the record and the next mention's context.

Owns every change of a reply's state. Knows no engine and no platform.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Channel, Feedback, Member, Persona, Reply, ReplySource, Workspace
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
    if await is_kept(session, reply.channel_id, reply.platform_message_id):
        return None
    session.add(reply)
    await session.flush()
    return reply


async def is_kept(session: AsyncSession, channel_id: int, platform_message_id: str) -> bool:
    """Whether this message was taken before."""
    known = select(Reply.id).where(Reply.channel_id == channel_id, Reply.platform_message_id == platform_message_id)
    return await session.scalar(known) is not None


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


# --- What is deleted.


class NoSuchReply(Exception):
    """There is no such reply; `yamabiko replies` lists them."""


async def numbered(session: AsyncSession, reply_id: int) -> Reply:
    """The reply, ours alone until the transaction ends. Raises NoSuchReply."""
    found = await session.scalar(select(Reply).where(Reply.id == reply_id).with_for_update())
    if found is None:
        raise NoSuchReply(f"There is no reply {reply_id}; `yamabiko replies` lists them.")
    return found


async def erase(session: AsyncSession, reply: Reply) -> None:
    """The row keeps no text, and is deleting until its platform has taken away what was shown.

    Who is answering it writes and shows no more: only a row that is `answering` may be finished. What it was given
    stays on record, without text: later replies that were given this one lead through it to whose words they hold.
    """
    if reply.status not in ("deleting", "deleted"):
        shown = reply.shown_ref is not None or reply.status == "answering"
        reply.status = "deleting" if shown else "deleted"
    reply.asked, reply.text = "", None
    await session.execute(delete(Feedback).where(Feedback.reply_id == reply.id))
    await session.flush()


async def to_remove(
    session: AsyncSession, platform: str, now: datetime
) -> Sequence[Row[Reply, Channel, Workspace, Persona, Member]]:
    """Replies whose shown messages must go from `platform`, each with what its place is made of.

    One that was deleted while it was answered comes when that lease has lapsed, so that nothing is shown after;
    its reference may be missing then, and the platform is asked by its nonce.
    """
    left = Reply.lease_until.is_(None) | (Reply.lease_until <= now)
    rows = await session.execute(
        select(Reply, Channel, Workspace, Persona, Member)
        .join(Channel, Channel.id == Reply.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .join(Persona, Persona.id == Reply.persona_id)
        .join(Member, Member.id == Reply.asker_id)
        .where(Workspace.platform == platform, Reply.status == "deleting", left)
        .order_by(Reply.id)
    )
    return rows.all()


async def removed(session: AsyncSession, reply_id: int) -> None:
    """The platform shows nothing of it any more."""
    reply = await session.get_one(Reply, reply_id)
    reply.status, reply.shown_ref, reply.lease_until = "deleted", None, None
