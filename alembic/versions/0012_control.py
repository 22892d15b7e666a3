"""The control message, what each process has taken in hand, and which reactions a thumb stands for."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, Json, UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "control_message",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("workspace_id", BigInt, sa.ForeignKey("workspace.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel_id", BigInt, sa.ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
        sa.Column("nonce", sa.String, nullable=False),
        sa.Column("ref", sa.String, nullable=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("posting_until", UtcTime, nullable=True),
        sa.Column("taken_back_at", UtcTime, nullable=True),
    )
    wanted = sa.text("taken_back_at IS NULL")
    op.create_index(
        "ix_control_message_workspace_id",
        "control_message",
        ["workspace_id"],
        unique=True,
        sqlite_where=wanted,
        postgresql_where=wanted,
    )
    op.create_index("ix_control_message_channel_id", "control_message", ["channel_id"])
    op.create_index("ix_control_message_member_id", "control_message", ["member_id"])
    op.create_table(
        "taken_event",
        sa.Column("network", sa.String, primary_key=True),
        sa.Column("event", sa.String, primary_key=True),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_index("ix_taken_event_at", "taken_event", ["at"])
    op.add_column("feedback", sa.Column("marks", Json, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("feedback", "marks")
    op.drop_table("taken_event")
    op.drop_table("control_message")
