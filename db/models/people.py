"""Who is here: workspaces, members, what they agreed to, and how they sign in."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Id, Row, reference


class Workspace(Row):
    """A Slack team, a Discord guild, the shelf of imported files, or the terminal."""

    __tablename__ = "workspace"
    __table_args__ = (UniqueConstraint("platform", "platform_id"),)

    id: Mapped[Id]
    platform: Mapped[str]
    platform_id: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    # The owner's recorded ground for training on this workspace's API text; none by default.
    permission_ground: Mapped[str | None]
    permission_by: Mapped[str | None]
    permission_at: Mapped[datetime | None]


class Member(Row):
    """Someone who writes in a workspace."""

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("workspace_id", "platform_id"),)

    id: Mapped[Id]
    workspace_id: Mapped[int] = reference("workspace.id")
    platform_id: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    locale: Mapped[str | None]  # as their network calls it, such as "ja" or "en-GB"
    language: Mapped[str | None]  # as they chose themselves, which counts more


class Role(Row):
    """What a member may do beyond a member's rights: owner, admin or curator."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("member_id"),)

    id: Mapped[Id]
    member_id: Mapped[int] = reference("member.id", delete="CASCADE")
    role: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Block(Row):
    """The bot answers and stores nothing of this member."""

    __tablename__ = "block"
    __table_args__ = (UniqueConstraint("member_id"),)

    id: Mapped[Id]
    member_id: Mapped[int] = reference("member.id", delete="CASCADE")
    by: Mapped[str]
    why: Mapped[str]
    at: Mapped[datetime]


class Pause(Row):
    """The bot answers nobody in this channel; without a channel, nobody anywhere."""

    __tablename__ = "pause"
    __table_args__ = (UniqueConstraint("channel_id"),)

    id: Mapped[Id]
    channel_id: Mapped[int | None] = reference("channel.id", delete="CASCADE")
    by: Mapped[str]
    at: Mapped[datetime]


class Consent(Row):
    """An answer about training on one's text, appended and never changed; the latest for a purpose counts.

    `purpose` is "community" (the community's voice) or "voice" (a persona that speaks as this member alone).
    """

    __tablename__ = "consent"
    __table_args__ = (Index(None, "member_id", "purpose", "id"),)

    id: Mapped[Id]
    member_id: Mapped[int] = reference("member.id", delete="CASCADE")
    purpose: Mapped[str]
    answer: Mapped[bool]
    ground: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]


class Tombstone(Row):
    """The keyed hash that remembers "never store this person again" and nothing else."""

    __tablename__ = "tombstone"
    __table_args__ = (UniqueConstraint("person_hash"),)

    id: Mapped[Id]
    person_hash: Mapped[str]
    at: Mapped[datetime]


class LoginLink(Row):
    """A one-time secret that the shell or a member was given, known by its hash.

    `purpose` is "panel" (a link that lets a browser in) or "claim" (a code that makes who types it an owner).
    """

    __tablename__ = "login_link"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[Id]
    token_hash: Mapped[str]
    purpose: Mapped[str] = mapped_column(server_default="panel", default="panel")
    member_id: Mapped[int | None] = reference("member.id", delete="CASCADE")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WebSession(Row):
    """Someone signed in to the panel, known by the hash of their cookie."""

    __tablename__ = "session"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: Mapped[Id]
    token_hash: Mapped[str]
    member_id: Mapped[int | None] = reference("member.id", delete="CASCADE")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
