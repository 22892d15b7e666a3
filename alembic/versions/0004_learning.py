"""Learning: what a persona learns from, what was learned, and what went live."""

import sqlalchemy as sa

from alembic import op
from db.models.base import BigInt, Json, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sources()
    _datasets()
    _runs()
    _run_points()
    _adapters()
    _activations()


def downgrade() -> None:
    for table in (
        "activation",
        "verdict",
        "adapter",
        "run_point",
        "run",
        "dataset_message",
        "dataset",
        "persona_voice",
        "persona_source",
    ):
        op.drop_table(table)


def _sources() -> None:
    op.create_table(
        "persona_source",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel_id", BigInt, sa.ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
        sa.UniqueConstraint("persona_id", "channel_id"),
    )
    op.create_table(
        "persona_voice",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id", ondelete="CASCADE"), nullable=False),
        sa.Column("member_id", BigInt, sa.ForeignKey("member.id", ondelete="CASCADE"), nullable=False),
        sa.UniqueConstraint("persona_id", "member_id"),
    )


def _datasets() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id"), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("shape", sa.String, nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.UniqueConstraint("persona_id", "number"),
    )
    op.create_table(
        "dataset_message",
        sa.Column("dataset_id", BigInt, sa.ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision_id", BigInt, sa.ForeignKey("message_revision.id"), primary_key=True),
        sa.Column("part", sa.String, nullable=False),
        sa.Column("as_target", sa.Boolean, nullable=False),
    )
    op.create_index("ix_dataset_message_revision_id", "dataset_message", ["revision_id"])


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("scheduled_for", sa.String, nullable=True),
        sa.Column("dataset_id", BigInt, sa.ForeignKey("dataset.id"), nullable=True),
        sa.Column("attempt", BigInt, nullable=False),
        sa.Column("claimed_by", sa.String, nullable=True),
        sa.Column("lease_until", UtcTime, nullable=True),
        sa.Column("cancel_requested_at", UtcTime, nullable=True),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("started_at", UtcTime, nullable=True),
        sa.Column("finished_at", UtcTime, nullable=True),
        sa.UniqueConstraint("persona_id", "scheduled_for"),
    )
    op.create_index("ix_run_status_id", "run", ["status", "id"])


def _run_points() -> None:
    op.create_table(
        "run_point",
        sa.Column("run_id", BigInt, sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", BigInt, primary_key=True),
        sa.Column("step", BigInt, primary_key=True),
        sa.Column("steps", BigInt, nullable=False),
        sa.Column("loss", sa.Double, nullable=False),
        sa.Column("tokens_per_second", sa.Double, nullable=False),
        sa.Column("seconds_left", sa.Double, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )


def _adapters() -> None:
    op.create_table(
        "adapter",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id"), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("run_id", BigInt, sa.ForeignKey("run.id"), nullable=False),
        sa.Column("dataset_id", BigInt, sa.ForeignKey("dataset.id"), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("base", sa.String, nullable=False),
        sa.Column("folder", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.UniqueConstraint("persona_id", "number"),
        sa.UniqueConstraint("run_id"),
    )
    op.create_table(
        "verdict",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("adapter_id", BigInt, sa.ForeignKey("adapter.id", ondelete="CASCADE"), nullable=False),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_index("ix_verdict_adapter_id_id", "verdict", ["adapter_id", "id"])


def _activations() -> None:
    op.create_table(
        "activation",
        sa.Column("id", BigInt, primary_key=True, autoincrement=True),
        sa.Column("persona_id", BigInt, sa.ForeignKey("persona.id"), nullable=False),
        sa.Column("adapter_id", BigInt, sa.ForeignKey("adapter.id"), nullable=True),
        sa.Column("previous_adapter_id", BigInt, sa.ForeignKey("adapter.id"), nullable=True),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_index("ix_activation_persona_id_id", "activation", ["persona_id", "id"])
