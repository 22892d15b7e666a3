"""What was written: channels, messages with their revisions, and how far each source was read."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Id, Row, reference

ChannelState = Literal["closed", "context", "training"]
Review = Literal["pending", "approved", "left_out"]
Provenance = Literal["owner_file", "slack_export", "discord_package", "slack_api", "discord_api", "discord_export"]
API_TEXT: tuple[Provenance, ...] = ("slack_api", "discord_api", "discord_export")


class Channel(Row):
    """`state` is what an admin opened it for; `review_each` keeps unreviewed messages out of training.

    `noticed` is the state that people in the channel were told of last, and `notice_ref` the post that did. While
    they are being told, `notice_nonce` names that post in the network, and until `notice_until` nobody else posts it.
    """

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("workspace_id", "platform_id"),)

    id: Mapped[Id]
    workspace_id: Mapped[int] = reference("workspace.id")
    platform_id: Mapped[str]
    name: Mapped[str]
    state: Mapped[ChannelState] = mapped_column(String, default="closed")
    review_each: Mapped[bool] = mapped_column(default=False)
    persona_id: Mapped[int | None] = reference("persona.id", delete="SET NULL")
    created_at: Mapped[datetime]
    noticed: Mapped[str | None]
    notice_ref: Mapped[str | None]
    notice_nonce: Mapped[str | None]
    notice_until: Mapped[datetime | None]


class Message(Row):
    """One message; its text stands in the revision whose number is `revision`.

    `conversation` is decided when the message is stored and never changes (docs/decisions.md).
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("channel_id", "platform_id"),
        Index(None, "channel_id", "at", "id"),
        Index(None, "member_id"),
    )

    id: Mapped[Id]
    channel_id: Mapped[int] = reference("channel.id")
    member_id: Mapped[int | None] = reference("member.id")
    platform_id: Mapped[str]
    at: Mapped[datetime]
    thread: Mapped[str | None]
    reply_to: Mapped[str | None]
    conversation: Mapped[str]
    provenance: Mapped[Provenance] = mapped_column(String)
    review: Mapped[Review] = mapped_column(String, default="pending")
    revision: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None]


class MessageRevision(Row):
    """What a message said at one time, redacted by the rules of `redaction_version`."""

    __tablename__ = "message_revision"
    __table_args__ = (UniqueConstraint("message_id", "number"),)

    id: Mapped[Id]
    message_id: Mapped[int] = reference("message.id", delete="CASCADE")
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    redaction_version: Mapped[int]
    at: Mapped[datetime]


class BackfillCursor(Row):
    """How far a source (an archive by fingerprint, a channel's history) was read, so that reading goes on.

    Of a channel's history: `messages` is how many were kept so far, `back_to` how far it was read, `trouble` (a word
    of db.coded) why it cannot be read, and `since` from where on it is to be read again because we were away.
    """

    __tablename__ = "backfill_cursor"
    __table_args__ = (UniqueConstraint("source"), Index(None, "channel_id"))

    id: Mapped[Id]
    source: Mapped[str]
    channel_id: Mapped[int | None] = reference("channel.id", delete="CASCADE")
    cursor: Mapped[str]
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    updated_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    back_to: Mapped[datetime | None]
    since: Mapped[datetime | None]
    trouble: Mapped[str | None]
