"""Moderation: pauses, and quick ways to count what a member or a channel asked lately."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, UtcTime

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _pauses()
    op.create_index("ix_reply_channel_id_created_at", "reply", ["channel_id", "created_at"])
    op.create_index("ix_reply_asker_id_created_at", "reply", ["asker_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_reply_asker_id_created_at", "reply")
    op.drop_index("ix_reply_channel_id_created_at", "reply")
    op.drop_table("pause")


def _pauses() -> None:
    op.create_table(
        "pause",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("channel_id", BigInt, sa.ForeignKey("channel.id", ondelete="CASCADE"), nullable=True),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.UniqueConstraint("channel_id"),
    )
