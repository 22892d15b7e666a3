"""Personas."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, Json, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "persona",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("base", sa.String, nullable=False),
        sa.Column("shape", sa.String, nullable=False),
        sa.Column("system_prompt", sa.Text, nullable=False),
        sa.Column("sampling", Json, nullable=False),
        sa.Column("voice", sa.String, nullable=False),
        sa.Column("preset", sa.String, nullable=False),
        sa.Column("recipe", Json, nullable=False),
        sa.Column("prompts", Json, nullable=False),
        sa.Column("schedule", Json, nullable=True),
        sa.Column("live_adapter_id", BigInt, nullable=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("deleted_at", UtcTime, nullable=True),
    )
    living = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_persona_living_name",
        "persona",
        ["name"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )


def downgrade() -> None:
    op.drop_table("persona")
