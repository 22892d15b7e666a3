"""Chat networks: other answers to choose from, notices in channels, how far a channel's past was read."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reply_candidate",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("reply_id", BigInt, sa.ForeignKey("reply.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("adapter_id", BigInt, sa.ForeignKey("adapter.id"), nullable=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("chosen_by", BigInt, sa.ForeignKey("member.id", ondelete="SET NULL"), nullable=True),
        sa.Column("chosen_at", UtcTime, nullable=True),
        sa.UniqueConstraint("reply_id", "number"),
    )
    op.create_index("ix_reply_channel_id_shown_ref", "reply", ["channel_id", "shown_ref"])
    op.add_column("login_link", sa.Column("purpose", sa.String, nullable=False, server_default="panel"))
    op.add_column("channel", sa.Column("noticed", sa.String, nullable=True))
    op.add_column("channel", sa.Column("notice_ref", sa.String, nullable=True))
    op.add_column("backfill_cursor", sa.Column("messages", BigInt, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("backfill_cursor", "messages")
    op.drop_column("channel", "notice_ref")
    op.drop_column("channel", "noticed")
    op.execute("DELETE FROM login_link WHERE purpose <> 'panel'")  # without its purpose a code would open the panel
    op.drop_column("login_link", "purpose")
    op.drop_index("ix_reply_channel_id_shown_ref", "reply")
    op.drop_table("reply_candidate")
