"""People: workspaces, members, what they agreed to, and how they sign in."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _workspaces_and_members()
    _standing()
    _consents()
    _sign_in()


def downgrade() -> None:
    for table in ("session", "login_link", "tombstone", "consent", "block", "role", "member", "workspace"):
        op.drop_table(table)


def _workspaces_and_members() -> None:
    op.create_table(
        "workspace",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("permission_ground", sa.String, nullable=True),
        sa.Column("permission_by", sa.String, nullable=True),
        sa.Column("permission_at", UtcTime, nullable=True),
        sa.UniqueConstraint("platform", "platform_id"),
    )
    op.create_table(
        "member",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("workspace_id", BigInt, sa.ForeignKey("workspace.id"), nullable=False),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.UniqueConstraint("workspace_id", "platform_id"),
    )


def _standing() -> None:
    op.create_table(
        "role",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.UniqueConstraint("member_id"),
    )
    op.create_table(
        "block",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.UniqueConstraint("member_id"),
    )


def _consents() -> None:
    op.create_table(
        "consent",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("answer", sa.Boolean, nullable=False),
        sa.Column("ground", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_index("ix_consent_member_id_purpose_id", "consent", ["member_id", "purpose", "id"])
    op.create_table(
        "tombstone",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("person_hash", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.UniqueConstraint("person_hash"),
    )


def _sign_in() -> None:
    op.create_table(
        "login_link",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("token_hash", sa.String, nullable=False),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=True),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("used_at", UtcTime, nullable=True),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_table(
        "session",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("token_hash", sa.String, nullable=False),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.UniqueConstraint("token_hash"),
    )
