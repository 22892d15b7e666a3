"""Replies: the row of a mention is the queue, the record and the next mention's context.

Owns every change of a reply's state. Knows no engine and no platform.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import fence
from db.models import Channel, Feedback, Member, Persona, Reply, ReplyCandidate, ReplySource, Workspace
from db.models.talking import ReplyStatus
from db.redact import redact
from db.words import say

LEASE = timedelta(seconds=30)
OPEN: tuple[ReplyStatus, ...] = ("queued", "answering")
ERASED: tuple[ReplyStatus, ...] = ("deleting", "deleted")


class ReplyLost(Exception):
    """Another attempt has taken over this reply; the present one must show and write nothing more."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which rows a process can show: all of a platform's, or those of one `sitting` (its thread).

    Other sittings' rows are reached once they were made before `others_before`: nobody else will end them.
    """

    platform: str
    sitting: str | None
    others_before: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """A reply, and everything its place in a network is made of."""

    reply: Reply
    channel: Channel
    workspace: Workspace
    persona: Persona
    asker: Member


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine gave, and what it took (seconds, tokens), where it was heard to its end."""

    text: str
    finish: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    first_token_s: float | None = None
    total_s: float | None = None


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


async def claim(
    session: AsyncSession, by: str, reach: Sequence[Reach], now: datetime, limit: int, lease: timedelta = LEASE
) -> list[Placed]:
    """Up to `limit` rows as the next attempt of `by`, oldest first: those that wait, and those whose lease lapsed.

    `now` must be about the same on all machines: clocks further apart than a lease would take from the living.
    """
    waits = (Reply.status == "queued") | ((Reply.status == "answering") & (Reply.lease_until < now))
    open_rows = _placed().where(waits, or_(*map(_reached, reach))).limit(limit)
    rows = await session.execute(open_rows.with_for_update(of=Reply, skip_locked=True))
    claimed = [Placed(*row) for row in rows]
    for one in claimed:
        one.reply.status, one.reply.claimed_by, one.reply.lease_until = "answering", by, now + lease
        one.reply.attempt += 1
    await session.flush()
    return claimed


def _placed() -> Select[Reply, Channel, Workspace, Persona, Member]:
    return (
        select(Reply, Channel, Workspace, Persona, Member)
        .join(Channel, Channel.id == Reply.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .join(Persona, Persona.id == Reply.persona_id)
        .join(Member, Member.id == Reply.asker_id)
        .order_by(Reply.id)
    )


def _reached(reach: Reach) -> ColumnElement[bool]:
    there = Workspace.platform == reach.platform
    if reach.sitting is None:
        return there
    return there & ((Reply.thread == reach.sitting) | (Reply.created_at < reach.others_before))


async def renew(session: AsyncSession, held: Mapping[int, int], now: datetime, lease: timedelta = LEASE) -> set[int]:
    """Keep the leases of all rows in hand (id → attempt) with one statement; the ids that are still ours."""
    kept = await session.scalars(
        update(Reply)
        .where(tuple_(Reply.id, Reply.attempt).in_(held.items()), Reply.status == "answering")
        .values(lease_until=now + lease)
        .returning(Reply.id)
        .execution_options(synchronize_session=False)
    )
    return set(kept)


async def has_ended(session: AsyncSession, reply_id: int) -> bool:
    status = await session.scalar(select(Reply.status).where(Reply.id == reply_id))
    return status not in OPEN


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


async def shown_beside(session: AsyncSession, reply: Reply) -> set[str]:
    """The posts that other replies in the same thread are known to be shown as."""
    refs = await session.scalars(
        select(Reply.shown_ref).where(
            Reply.channel_id == reply.channel_id,
            Reply.thread.is_not_distinct_from(reply.thread),
            Reply.id != reply.id,
            Reply.shown_ref.is_not(None),
        )
    )
    return {post for ref in refs if ref for post in ref.split("\n") if post}


async def shown(session: AsyncSession, reply: Reply, ref: str) -> None:
    """Remember what the platform shows, the moment it shows it. Raises ReplyLost."""
    await _as_current_attempt(session, reply, {"shown_ref": ref})


async def finish(
    session: AsyncSession,
    reply: Reply,
    answer: Answer,
    ref: str | None,
    adapter_id: int | None,
    given: list[int],
    now: datetime,
    messages: Sequence[int] = (),
) -> None:
    """The answer, with its lineage: `given` are the earlier replies it was given. Raises ReplyLost."""
    values = {
        "text": redact(answer.text).text,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "first_token_s": answer.first_token_s,
        "total_s": answer.total_s,
        "adapter_id": adapter_id,
    }
    await _end(session, reply, "done", answer.finish, ref, now, **values)
    session.add_all(ReplySource(reply_id=reply.id, earlier_reply_id=earlier_id) for earlier_id in given)
    session.add_all(ReplySource(reply_id=reply.id, message_id=message_id) for message_id in messages)


async def given_too(session: AsyncSession, reply_id: int, given: list[int], messages: list[int]) -> None:
    """Lineage of what was said to the same question later: earlier replies and messages not on record yet."""
    known = list(await session.scalars(select(ReplySource).where(ReplySource.reply_id == reply_id)))
    known_replies, known_messages = {one.earlier_reply_id for one in known}, {one.message_id for one in known}
    session.add_all(ReplySource(reply_id=reply_id, earlier_reply_id=one) for one in given if one not in known_replies)
    session.add_all(ReplySource(reply_id=reply_id, message_id=one) for one in messages if one not in known_messages)
    await session.flush()


async def fail(session: AsyncSession, reply: Reply, why: str, ref: str | None, now: datetime) -> None:
    """It was told why there is no answer, or can be told nothing. Raises ReplyLost."""
    await _end(session, reply, "failed", why, ref, now)


async def apologise(session: AsyncSession, reply: Reply, why: str, ref: str | None, now: datetime) -> None:
    """It came too late, and the asker was told so. Raises ReplyLost."""
    await _end(session, reply, "apologised", why, ref, now)


async def _end(
    session: AsyncSession, reply: Reply, status: ReplyStatus, why: str, ref: str | None, now: datetime, **more: Any
) -> None:
    ended = {"status": status, "finish": why, "shown_ref": ref, "finished_at": now, "lease_until": None}
    await _as_current_attempt(session, reply, {**ended, **more})


async def _as_current_attempt(session: AsyncSession, reply: Reply, values: dict[str, Any]) -> None:
    if not await fence.written(session, reply, "answering", values):
        raise ReplyLost(f"Reply {reply.id} was taken over by another attempt.")


# --- What is deleted.


class NoSuchReply(Exception):
    """There is no such reply; `yamabiko replies` lists them."""


async def placed(session: AsyncSession, reply_id: int) -> Placed:
    """Raises NoSuchReply."""
    found = (await session.execute(_placed().where(Reply.id == reply_id))).first()
    if found is None:
        raise NoSuchReply(say("There is no reply {reply}; `yamabiko replies` lists them.", reply=reply_id))
    return Placed(*found)


async def at(session: AsyncSession, channel_id: int, ref: str, *, hold: bool = False) -> Reply | None:
    """The reply of which the post `ref` of a channel is a part; failures and what was deleted are none.

    To `hold` it is ours alone until the transaction ends.
    """
    here = select(Reply).where(Reply.channel_id == channel_id, Reply.status.in_(("answering", "done")))
    here = here.with_for_update() if hold else here
    found = await session.scalar(here.where(Reply.shown_ref == ref).limit(1))
    if found is not None:
        return found
    among_several = await session.scalars(here.where(Reply.shown_ref.contains(ref, autoescape=True)))
    return next((reply for reply in among_several if ref in (reply.shown_ref or "").split("\n")), None)


async def numbered(session: AsyncSession, reply_id: int) -> Reply:
    """The reply, ours alone until the transaction ends. Raises NoSuchReply."""
    found = await session.scalar(select(Reply).where(Reply.id == reply_id).with_for_update())
    if found is None:
        raise NoSuchReply(say("There is no reply {reply}; `yamabiko replies` lists them.", reply=reply_id))
    return found


async def erase(session: AsyncSession, reply: Reply) -> None:
    """The row keeps no text, and is deleting until its platform has taken away what was shown.

    Who is answering it writes and shows no more: only a row that is `answering` may be finished. What it was given
    stays on record, without text: later replies that were given this one lead through it to whose words they hold.
    """
    if reply.status not in ERASED:
        shown = reply.shown_ref is not None or reply.status == "answering"
        reply.status = "deleting" if shown else "deleted"
    # Why it ended may quote a server's words, and those the question.
    reply.asked, reply.text, reply.finish = "", None, None
    await session.execute(delete(Feedback).where(Feedback.reply_id == reply.id))
    await session.execute(delete(ReplyCandidate).where(ReplyCandidate.reply_id == reply.id))
    await session.flush()


async def erased(session: AsyncSession, ids: Collection[int]) -> set[int]:
    """Those of `ids` that were deleted."""
    if not ids:
        return set()
    gone = select(Reply.id).where(Reply.id.in_(ids), Reply.status.in_(ERASED))
    return set(await session.scalars(gone))


async def to_remove(session: AsyncSession, platform: str, now: datetime) -> list[Placed]:
    """Replies whose shown messages must go from `platform`.

    One that was deleted while it was answered comes when that lease has lapsed, so that nothing is shown after;
    its reference may be missing then, and the platform is asked by its nonce.
    """
    left = Reply.lease_until.is_(None) | (Reply.lease_until <= now)
    deleting = _placed().where(Workspace.platform == platform, Reply.status == "deleting", left)
    return [Placed(*row) for row in await session.execute(deleting)]


async def removed(session: AsyncSession, reply_id: int) -> None:
    """The platform shows nothing of it any more."""
    reply = await session.get_one(Reply, reply_id)
    reply.status, reply.shown_ref, reply.lease_until = "deleted", None, None
