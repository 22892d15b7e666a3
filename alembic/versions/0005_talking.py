"""Talking: replies, what they were given, what people thought of them, and notices."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, Json, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _replies()
    _reply_sources()
    _feedback()
    _notices()


def downgrade() -> None:
    for table in ("notice", "feedback", "reply_source", "reply"):
        op.drop_table(table)


def _replies() -> None:
    op.create_table(
        "reply",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("channel_id", BigInt, sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id"), nullable=False),
        sa.Column("asker_id", BigInt, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("platform_message_id", sa.String, nullable=False),
        sa.Column("thread", sa.String, nullable=True),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempt", BigInt, nullable=False),
        sa.Column("claimed_by", sa.String, nullable=True),
        sa.Column("lease_until", UtcTime, nullable=True),
        sa.Column("shown_ref", sa.String, nullable=True),
        sa.Column("adapter_id", BigInt, sa.ForeignKey("adapter.id"), nullable=True),
        sa.Column("text", sa.Text, nullable=True),
        sa.Column("finish", sa.String, nullable=True),
        sa.Column("prompt_tokens", BigInt, nullable=True),
        sa.Column("completion_tokens", BigInt, nullable=True),
        sa.Column("first_token_s", sa.Double, nullable=True),
        sa.Column("total_s", sa.Double, nullable=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("finished_at", UtcTime, nullable=True),
        sa.UniqueConstraint("channel_id", "platform_message_id"),
    )
    op.create_index("ix_reply_channel_id_thread_id", "reply", ["channel_id", "thread", "id"])
    op.create_index("ix_reply_status_id", "reply", ["status", "id"])


def _reply_sources() -> None:
    op.create_table(
        "reply_source",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("reply_id", BigInt, sa.ForeignKey("reply.id", ondelete="CASCADE"), nullable=False),
        sa.Column("message_id", BigInt, sa.ForeignKey("message.id", ondelete="CASCADE"), nullable=True),
        sa.Column("earlier_reply_id", BigInt, sa.ForeignKey("reply.id", ondelete="CASCADE"), nullable=True),
    )
    op.create_index("ix_reply_source_message_id", "reply_source", ["message_id"])
    op.create_index("ix_reply_source_reply_id", "reply_source", ["reply_id"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("reply_id", BigInt, sa.ForeignKey("reply.id", ondelete="CASCADE"), nullable=False),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
        sa.Column("value", BigInt, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.UniqueConstraint("reply_id", "member_id"),
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("to", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("delivered_at", UtcTime, nullable=True),
    )
    op.create_index("ix_notice_delivered_at_id", "notice", ["delivered_at", "id"])
