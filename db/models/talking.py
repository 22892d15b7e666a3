"""What the bot said: the reply queue, what each reply was given, and what people thought of it."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Id, Row, reference

ReplyStatus = Literal["queued", "answering", "done", "failed", "apologised", "deleting", "deleted"]


class Reply(Row):
    """A mention and its answer; while it is unanswered the row is the queue.

    Unique on the platform's message, so a redelivered mention is harmless. One that is deleting has no text any
    more, and waits for its platform to take away what was shown.
    """

    __tablename__ = "reply"
    __table_args__ = (
        UniqueConstraint("channel_id", "platform_message_id"),
        Index(None, "status", "id"),
        Index(None, "channel_id", "thread", "id"),
        Index(None, "channel_id", "created_at"),
        Index(None, "channel_id", "shown_ref"),
        Index(None, "asker_id", "created_at"),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = reference("channel.id")
    persona_id: Mapped[int] = reference("persona.id")
    asker_id: Mapped[int] = reference("member.id")
    platform_message_id: Mapped[str]
    thread: Mapped[str | None]
    asked: Mapped[str] = mapped_column(Text)
    status: Mapped[ReplyStatus] = mapped_column(String, default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    shown_ref: Mapped[str | None]
    adapter_id: Mapped[int | None] = reference("adapter.id")
    text: Mapped[str | None] = mapped_column(Text)
    finish: Mapped[str | None]
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    first_token_s: Mapped[float | None]
    total_s: Mapped[float | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ReplyCandidate(Row):
    """Another answer to the same question, numbered from 1; the one chosen last is what the reply says.

    The first answer becomes one too when others are asked for, so that it can be gone back to.
    """

    __tablename__ = "reply_candidate"
    __table_args__ = (UniqueConstraint("reply_id", "number"),)

    id: Mapped[Id]
    reply_id: Mapped[int] = reference("reply.id", delete="CASCADE")
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    adapter_id: Mapped[int | None] = reference("adapter.id")
    created_at: Mapped[datetime]
    chosen_by: Mapped[int | None] = reference("member.id", delete="SET NULL")
    chosen_at: Mapped[datetime | None]


class ReplySource(Row):
    """Lineage: a message, or an earlier reply, that a reply was given as context."""

    __tablename__ = "reply_source"
    __table_args__ = (Index(None, "message_id"), Index(None, "reply_id"))

    id: Mapped[Id]
    reply_id: Mapped[int] = reference("reply.id", delete="CASCADE")
    message_id: Mapped[int | None] = reference("message.id", delete="CASCADE")
    earlier_reply_id: Mapped[int | None] = reference("reply.id", delete="CASCADE")


class Feedback(Row):
    """One member's thumb on one reply: 1 or -1. `marks` are what it stands for, the latest last (db.feedback)."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("reply_id", "member_id"),)

    id: Mapped[Id]
    reply_id: Mapped[int] = reference("reply.id", delete="CASCADE")
    member_id: Mapped[int] = reference("member.id", delete="CASCADE")
    value: Mapped[int]
    marks: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    at: Mapped[datetime]


class Notice(Row):
    """What someone must hear and the trainer cannot say itself; the bot delivers it."""

    __tablename__ = "notice"
    __table_args__ = (Index(None, "delivered_at", "id"),)

    id: Mapped[Id]
    to: Mapped[str]  # the actor as audit rows name them
    kind: Mapped[str]
    values: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
