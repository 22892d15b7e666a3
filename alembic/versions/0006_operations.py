"""Operations: heartbeats and audit."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, Json, UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _heartbeats()
    _audit()


def downgrade() -> None:
    for table in ("audit", "program_heartbeat"):
        op.drop_table(table)


def _heartbeats() -> None:
    op.create_table(
        "program_heartbeat",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("program", sa.String, nullable=False),
        sa.Column("instance", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.UniqueConstraint("program", "instance"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("verb", sa.String, nullable=False),
        sa.Column("subject", Json, nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
