"""Messages: stored redacted, revised when edited, reviewed by people.

Owns the only road by which text enters (`store`), so that nothing unredacted is ever kept, and the rule for
which conversation a message belongs to. Knows no platform and no archive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import members
from db.models import Channel, Member, Message, MessageRevision
from db.models.text import API_TEXT, Provenance, Review
from db.redact import REDACTION_VERSION, redact
from db.transcript import mentioned, with_names
from db.words import say

SILENCE = timedelta(minutes=30)  # so long a silence in a channel ends a conversation


class NoSuchMessage(Exception):
    """There is no such message; `yamabiko review CHANNEL` shows them with their numbers."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be stored; mentions of members in `text` are `<@member:ROW ID>` already.

    `edited_at` is when the text became what it is, where the source tells.
    """

    platform_id: str
    member_id: int | None
    at: datetime
    text: str
    thread: str | None = None
    reply_to: str | None = None
    conversation: str | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    new: int = 0
    revised: int = 0
    unchanged: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(self.new + other.new, self.revised + other.revised, self.unchanged + other.unchanged)


async def store(
    session: AsyncSession,
    channel: Channel,
    batch: Sequence[NewMessage],
    provenance: Provenance,
    now: datetime,
) -> Stored:
    """Keep a batch of one channel's messages, oldest first; what is there already with the same text stays.

    A text that its source dates before the one we hold (from an older export) changes nothing. The same text counts as
    come by the better way: what an API gave becomes the owner's own once their export holds it, never the reverse.
    """
    known = {
        message.platform_id: (message, revision)
        for message, revision in await session.execute(
            _with_text().where(
                Message.channel_id == channel.id, Message.platform_id.in_([m.platform_id for m in batch])
            )
        )
    }
    fresh = [message for message in batch if message.platform_id not in known]
    revised = 0
    for message in batch:
        if message.platform_id in known:
            revised += _revise(session, *known[message.platform_id], message, provenance, now)
    await session.flush()
    if fresh:
        conversations = await _conversations(session, channel, fresh)
        await _insert(session, fresh, [_row(channel, one, conversations[one.platform_id], provenance) for one in fresh])
    return Stored(len(fresh), revised, len(batch) - len(fresh) - revised)


async def _insert(session: AsyncSession, fresh: Sequence[NewMessage], rows: Sequence[dict[str, Any]]) -> None:
    """Many at a time, as values: as objects of the session they would take four times as long."""
    made = await session.execute(insert(Message).returning(Message.platform_id, Message.id), rows)
    ids = dict(made.all())
    revisions = [_revision(ids[one.platform_id], 1, one.text, one.edited_at or one.at) for one in fresh]
    await session.execute(insert(MessageRevision), revisions)


def _with_text():  # the type of a SQLAlchemy select says nothing a reader needs
    return select(Message, MessageRevision).join(
        MessageRevision,
        (MessageRevision.message_id == Message.id) & (MessageRevision.number == Message.revision),
    )


def _row(channel: Channel, message: NewMessage, conversation: str, provenance: Provenance) -> dict[str, Any]:
    return {
        "channel_id": channel.id,
        "member_id": message.member_id,
        "platform_id": message.platform_id,
        "at": message.at,
        "thread": message.thread,
        "reply_to": message.reply_to,
        "conversation": conversation,
        "provenance": provenance,
    }


def _revision(message: int, number: int, text: str, at: datetime) -> dict[str, Any]:
    return {
        "message_id": message,
        "number": number,
        "text": redact(text).text,
        "redaction_version": REDACTION_VERSION,
        "at": at,
    }


def _revise(
    session: AsyncSession, row: Message, held: MessageRevision, new: NewMessage, provenance: Provenance, now: datetime
) -> int:
    if row.deleted_at is not None:
        return 0
    if redact(new.text).text == held.text:
        if row.provenance in API_TEXT and provenance not in API_TEXT:
            row.provenance = provenance
        return 0
    if new.edited_at is not None and (new.edited_at < held.at or new.edited_at == held.at == row.at):
        return 0  # what nobody edited is one text: a channel or a bot that it mentions is called otherwise by now
    row.revision += 1
    row.review = "pending"  # what was approved is not what stands there now
    row.provenance = provenance  # nor did this text come as that one did
    session.add(MessageRevision(**_revision(row.id, row.revision, new.text, new.edited_at or now)))
    return 1


async def _conversations(session: AsyncSession, channel: Channel, batch: Sequence[NewMessage]) -> dict[str, str]:
    """Which conversation each new message joins; see docs/decisions.md."""
    given: dict[str, str] = {}
    roots = await _stored_conversations(session, channel, {m.thread for m in batch if m.thread})
    last_at, last = await _before(session, channel, batch[0].at)
    for message in batch:
        if message.conversation is not None:
            given[message.platform_id] = message.conversation
        elif message.thread is not None and message.thread != message.platform_id:
            given[message.platform_id] = given.get(message.thread) or roots.get(message.thread, message.thread)
        else:
            if last is None or last_at is None or message.at - last_at > SILENCE:
                last = message.platform_id
            last_at = message.at
            given[message.platform_id] = last
    return await _joined(session, channel, batch, given, last_at, last)


async def _joined(
    session: AsyncSession,
    channel: Channel,
    batch: Sequence[NewMessage],
    given: dict[str, str],
    last_at: datetime | None,
    last: str | None,
) -> dict[str, str]:
    """Of a past that is read backwards: the batch's last conversation, begun in it, goes on in what is held already."""
    if last_at is None or last is None or given.get(last) != last:
        return given
    after = await _after(session, channel, last_at)
    return given if after is None else {one: after if name == last else name for one, name in given.items()}


async def _after(session: AsyncSession, channel: Channel, at: datetime) -> str | None:
    """The conversation that begins no later than a silence after `at`."""
    return await session.scalar(
        select(Message.conversation)
        .where(
            Message.channel_id == channel.id,
            Message.at > at,
            Message.at <= at + SILENCE,
            (Message.thread.is_(None)) | (Message.thread == Message.platform_id),
            Message.deleted_at.is_(None),
        )
        .order_by(Message.at, Message.id)
        .limit(1)
    )


async def _stored_conversations(session: AsyncSession, channel: Channel, ids: set[str]) -> dict[str, str]:
    rows = await session.execute(
        select(Message.platform_id, Message.conversation).where(
            Message.channel_id == channel.id, Message.platform_id.in_(ids)
        )
    )
    return dict(rows.all())


async def _before(session: AsyncSession, channel: Channel, at: datetime) -> tuple[datetime | None, str | None]:
    found = await session.execute(
        select(Message.at, Message.conversation)
        .where(
            Message.channel_id == channel.id,
            Message.at < at,
            (Message.thread.is_(None)) | (Message.thread == Message.platform_id),
        )
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(1)
    )
    row = found.first()
    return (row[0], row[1]) if row else (None, None)


@dataclass(frozen=True, slots=True)
class Reviewable:
    id: int
    at: datetime
    author: str
    text: str
    review: Review


async def listed(session: AsyncSession, channel: Channel, review: Review | None, limit: int) -> list[Reviewable]:
    """The newest messages of a channel in a review state (None: any), oldest of them first.

    Members who are mentioned stand there by name.
    """
    query = (
        _with_text()
        .add_columns(Member.name)
        .outerjoin(Member, Member.id == Message.member_id)
        .where(Message.channel_id == channel.id, Message.deleted_at.is_(None))
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(limit)
    )
    if review is not None:
        query = query.where(Message.review == review)
    rows = (await session.execute(query)).all()
    known = await members.names(session, {one for _, held, _ in rows for one in mentioned(held.text)})
    return [
        Reviewable(m.id, m.at, name or "", with_names(held.text, known), m.review) for m, held, name in reversed(rows)
    ]


async def set_review(session: AsyncSession, ids: Sequence[int], review: Review) -> int:
    """How many messages now stand in this review state. Raises NoSuchMessage when one is not there."""
    found = await session.scalar(select(func.count()).select_from(Message).where(Message.id.in_(ids)))
    if found != len(set(ids)):
        raise NoSuchMessage(say("At least one of these messages does not exist; `yamabiko review CHANNEL` lists them."))
    await session.execute(update(Message).where(Message.id.in_(ids)).values(review=review))
    return len(set(ids))
