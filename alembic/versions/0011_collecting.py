"""Collecting: what stands in the way of reading a channel, what is to be read again, notices half posted."""

import sqlalchemy as sa

from alembic import op
from db.models.base import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("backfill_cursor", sa.Column("back_to", UtcTime, nullable=True))
    op.add_column("backfill_cursor", sa.Column("since", UtcTime, nullable=True))
    op.add_column("backfill_cursor", sa.Column("trouble", sa.String, nullable=True))
    op.add_column("channel", sa.Column("notice_nonce", sa.String, nullable=True))
    op.add_column("channel", sa.Column("notice_until", UtcTime, nullable=True))
    op.create_index("ix_backfill_cursor_channel_id", "backfill_cursor", ["channel_id"])


def downgrade() -> None:
    op.drop_index("ix_backfill_cursor_channel_id", "backfill_cursor")
    op.drop_column("channel", "notice_until")
    op.drop_column("channel", "notice_nonce")
    op.drop_column("backfill_cursor", "trouble")
    op.drop_column("backfill_cursor", "since")
    op.drop_column("backfill_cursor", "back_to")
