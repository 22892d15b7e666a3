"""Text: channels, messages with their revisions, and how far each source was read."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _channels()
    _messages()
    _cursors()


def downgrade() -> None:
    for table in ("backfill_cursor", "message_revision", "message", "channel"):
        op.drop_table(table)


def _channels() -> None:
    op.create_table(
        "channel",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("workspace_id", BigInt, sa.ForeignKey("workspace.id"), nullable=False),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("review_each", sa.Boolean, nullable=False),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id", ondelete="SET NULL"), nullable=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.UniqueConstraint("workspace_id", "platform_id"),
    )


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("channel_id", BigInt, sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id"), nullable=True),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("thread", sa.String, nullable=True),
        sa.Column("reply_to", sa.String, nullable=True),
        sa.Column("conversation", sa.String, nullable=False),
        sa.Column("provenance", sa.String, nullable=False),
        sa.Column("review", sa.String, nullable=False),
        sa.Column("revision", BigInt, nullable=False),
        sa.Column("deleted_at", UtcTime, nullable=True),
        sa.UniqueConstraint("channel_id", "platform_id"),
    )
    op.create_index("ix_message_channel_id_at_id", "message", ["channel_id", "at", "id"])
    op.create_index("ix_message_member_id", "message", ["member_id"])
    op.create_table(
        "message_revision",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("message_id", BigInt, sa.ForeignKey("message.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("redaction_version", BigInt, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.UniqueConstraint("message_id", "number"),
    )


def _cursors() -> None:
    op.create_table(
        "backfill_cursor",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("channel_id", BigInt, sa.ForeignKey("channel.id", ondelete="CASCADE"), nullable=True),
        sa.Column("cursor", sa.String, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("done_at", UtcTime, nullable=True),
        sa.UniqueConstraint("source"),
    )
