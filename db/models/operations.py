"""Who is alive, who did what, what somebody has in hand, and where whoever runs the bot watches it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Id, Row, reference


class Heartbeat(Row):
    """One program instance saying it lives, what it has loaded and what it could not."""

    __tablename__ = "program_heartbeat"
    __table_args__ = (UniqueConstraint("program", "instance"),)

    id: Mapped[Id]
    program: Mapped[str]  # "bot" or "trainer"
    instance: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[dict[str, Any]]


class Audit(Row):
    """An admin verb that was carried out; never any message text."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[Id]
    at: Mapped[datetime]
    actor: Mapped[str]
    verb: Mapped[str]
    subject: Mapped[dict[str, Any]]


class TakenEvent(Row):
    """What a network tells every process of ours, and one of them has taken; kept for as long as it may be told."""

    __tablename__ = "taken_event"
    __table_args__ = (Index(None, "at"),)

    network: Mapped[str] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(primary_key=True)  # the network's id
    at: Mapped[datetime]


class ControlMessage(Row):
    """What admins watch and press, as a message in a channel; at most one of a workspace is not taken back.

    `member_id` placed it. `nonce` names the post in the network, and until `posting_until` nobody else posts it; `ref`
    is the post. One that is taken back waits for its post to be deleted, and then ends.
    """

    __tablename__ = "control_message"
    __table_args__ = (
        Index(
            None,
            "workspace_id",
            unique=True,
            sqlite_where=text("taken_back_at IS NULL"),
            postgresql_where=text("taken_back_at IS NULL"),
        ),
        Index(None, "channel_id"),
        Index(None, "member_id"),
    )

    id: Mapped[Id]
    workspace_id: Mapped[int] = reference("workspace.id", delete="CASCADE")
    channel_id: Mapped[int] = reference("channel.id", delete="CASCADE")
    member_id: Mapped[int] = reference("member.id", delete="CASCADE")
    nonce: Mapped[str]
    ref: Mapped[str | None]
    created_at: Mapped[datetime]
    posting_until: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None]
