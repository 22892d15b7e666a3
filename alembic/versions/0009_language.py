"""Language: what a member's network says of it, and what they chose."""

import sqlalchemy as sa

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("locale", sa.String, nullable=True))
    op.add_column("member", sa.Column("language", sa.String, nullable=True))


def downgrade() -> None:
    op.drop_column("member", "language")
    op.drop_column("member", "locale")
