"""The whole lineage."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)


TABLES = (
    "workspace",
    "member",
    "role",
    "block",
    "consent",
    "tombstone",
    "login_link",
    "session",
    "persona",
    "channel",
    "message",
    "message_revision",
    "backfill_cursor",
    "persona_source",
    "persona_voice",
    "dataset",
    "dataset_message",
    "run",
    "run_point",
    "adapter",
    "verdict",
    "activation",
    "reply",
    "reply_source",
    "feedback",
    "notice",
    "program_heartbeat",
    "audit",
)


def upgrade() -> None:
    _people()
    _personas()
    _text()
    _persona_links()
    _learning()
    _activation()
    _talking()
    _operations()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _id() -> sa.Column:
    return sa.Column("id", BIG, primary_key=True, autoincrement=True)


def _to(name: str, target: str, delete: str | None = None, null: bool = False, key: bool = False) -> sa.Column:
    return sa.Column(name, BIG, sa.ForeignKey(target, ondelete=delete), nullable=null, primary_key=key)


def _people() -> None:
    """Workspaces, members, what they agreed to, how they sign in."""
    op.create_table(
        "workspace",
        _id(),
        sa.Column("platform", sa.String, nullable=False),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("permission_ground", sa.String, nullable=True),
        sa.Column("permission_by", sa.String, nullable=True),
        sa.Column("permission_at", TIME, nullable=True),
        sa.UniqueConstraint("platform", "platform_id"),
    )
    op.create_table(
        "member",
        _id(),
        _to("workspace_id", "workspace.id"),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("workspace_id", "platform_id"),
    )
    op.create_table(
        "role",
        _id(),
        _to("member_id", "member.id", delete="CASCADE"),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("member_id"),
    )
    op.create_table(
        "block",
        _id(),
        _to("member_id", "member.id", delete="CASCADE"),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("member_id"),
    )
    op.create_table(
        "consent",
        _id(),
        _to("member_id", "member.id", delete="CASCADE"),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("answer", sa.Boolean, nullable=False),
        sa.Column("ground", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_consent_member_id_purpose_id", "consent", ["member_id", "purpose", "id"])
    op.create_table(
        "tombstone",
        _id(),
        sa.Column("person_hash", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("person_hash"),
    )
    op.create_table(
        "login_link",
        _id(),
        sa.Column("token_hash", sa.String, nullable=False),
        _to("member_id", "member.id", delete="CASCADE", null=True),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_table(
        "session",
        _id(),
        sa.Column("token_hash", sa.String, nullable=False),
        _to("member_id", "member.id", delete="CASCADE", null=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.UniqueConstraint("token_hash"),
    )


def _personas() -> None:
    """Personas."""
    op.create_table(
        "persona",
        _id(),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("base", sa.String, nullable=False),
        sa.Column("shape", sa.String, nullable=False),
        sa.Column("system_prompt", sa.Text, nullable=False),
        sa.Column("sampling", JSON, nullable=False),
        sa.Column("voice", sa.String, nullable=False),
        sa.Column("preset", sa.String, nullable=False),
        sa.Column("recipe", JSON, nullable=False),
        sa.Column("prompts", JSON, nullable=False),
        sa.Column("schedule", JSON, nullable=True),
        sa.Column("live_adapter_id", BIG, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
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


def _text() -> None:
    """Channels, messages with their revisions, cursors."""
    op.create_table(
        "channel",
        _id(),
        _to("workspace_id", "workspace.id"),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("review_each", sa.Boolean, nullable=False),
        _to("persona_id", "persona.id", delete="SET NULL", null=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("workspace_id", "platform_id"),
    )
    op.create_table(
        "message",
        _id(),
        _to("channel_id", "channel.id"),
        _to("member_id", "member.id", null=True),
        sa.Column("platform_id", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("thread", sa.String, nullable=True),
        sa.Column("reply_to", sa.String, nullable=True),
        sa.Column("conversation", sa.String, nullable=False),
        sa.Column("provenance", sa.String, nullable=False),
        sa.Column("review", sa.String, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.UniqueConstraint("channel_id", "platform_id"),
    )
    op.create_index("ix_message_channel_id_at_id", "message", ["channel_id", "at", "id"])
    op.create_index("ix_message_member_id", "message", ["member_id"])
    op.create_table(
        "message_revision",
        _id(),
        _to("message_id", "message.id", delete="CASCADE"),
        sa.Column("number", BIG, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("redaction_version", BIG, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("message_id", "number"),
    )
    op.create_table(
        "backfill_cursor",
        _id(),
        sa.Column("source", sa.String, nullable=False),
        _to("channel_id", "channel.id", delete="CASCADE", null=True),
        sa.Column("cursor", sa.String, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("done_at", TIME, nullable=True),
        sa.UniqueConstraint("source"),
    )


def _persona_links() -> None:
    """Where a persona's text comes from, and whose voice it is."""
    op.create_table(
        "persona_source",
        _id(),
        _to("persona_id", "persona.id", delete="CASCADE"),
        _to("channel_id", "channel.id", delete="CASCADE"),
        sa.UniqueConstraint("persona_id", "channel_id"),
    )
    op.create_table(
        "persona_voice",
        _id(),
        _to("persona_id", "persona.id", delete="CASCADE"),
        _to("member_id", "member.id", delete="CASCADE"),
        sa.UniqueConstraint("persona_id", "member_id"),
    )


def _learning() -> None:
    """Datasets, runs, adapters, verdicts."""
    op.create_table(
        "dataset",
        _id(),
        _to("persona_id", "persona.id"),
        sa.Column("number", BIG, nullable=False),
        sa.Column("shape", sa.String, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("persona_id", "number"),
    )
    op.create_table(
        "dataset_message",
        _to("dataset_id", "dataset.id", delete="CASCADE", key=True),
        _to("revision_id", "message_revision.id", key=True),
        sa.Column("part", sa.String, nullable=False),
        sa.Column("as_target", sa.Boolean, nullable=False),
    )
    op.create_index("ix_dataset_message_revision_id", "dataset_message", ["revision_id"])
    op.create_table(
        "run",
        _id(),
        _to("persona_id", "persona.id"),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("scheduled_for", sa.String, nullable=True),
        _to("dataset_id", "dataset.id", null=True),
        sa.Column("attempt", BIG, nullable=False),
        sa.Column("claimed_by", sa.String, nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("cancel_requested_at", TIME, nullable=True),
        sa.Column("phase", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.UniqueConstraint("persona_id", "scheduled_for"),
    )
    op.create_index("ix_run_status_id", "run", ["status", "id"])
    op.create_table(
        "run_point",
        _to("run_id", "run.id", delete="CASCADE", key=True),
        sa.Column("attempt", BIG, nullable=False, primary_key=True),
        sa.Column("step", BIG, nullable=False, primary_key=True),
        sa.Column("steps", BIG, nullable=False),
        sa.Column("loss", sa.Double, nullable=False),
        sa.Column("tokens_per_second", sa.Double, nullable=False),
        sa.Column("seconds_left", sa.Double, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "adapter",
        _id(),
        _to("persona_id", "persona.id"),
        sa.Column("number", BIG, nullable=False),
        _to("run_id", "run.id"),
        _to("dataset_id", "dataset.id"),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("base", sa.String, nullable=False),
        sa.Column("folder", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("persona_id", "number"),
        sa.UniqueConstraint("run_id"),
    )
    op.create_table(
        "verdict",
        _id(),
        _to("adapter_id", "adapter.id", delete="CASCADE"),
        sa.Column("answer", sa.String, nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_verdict_adapter_id_id", "verdict", ["adapter_id", "id"])


def _activation() -> None:
    """What went live."""
    op.create_table(
        "activation",
        _id(),
        _to("persona_id", "persona.id"),
        _to("adapter_id", "adapter.id", null=True),
        _to("previous_adapter_id", "adapter.id", null=True),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_activation_persona_id_id", "activation", ["persona_id", "id"])


def _talking() -> None:
    """Replies, what they were given, feedback, notices."""
    op.create_table(
        "reply",
        _id(),
        _to("channel_id", "channel.id"),
        _to("persona_id", "persona.id"),
        _to("asker_id", "member.id"),
        sa.Column("platform_message_id", sa.String, nullable=False),
        sa.Column("thread", sa.String, nullable=True),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempt", BIG, nullable=False),
        sa.Column("claimed_by", sa.String, nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("shown_ref", sa.String, nullable=True),
        _to("adapter_id", "adapter.id", null=True),
        sa.Column("text", sa.Text, nullable=True),
        sa.Column("finish", sa.String, nullable=True),
        sa.Column("prompt_tokens", BIG, nullable=True),
        sa.Column("completion_tokens", BIG, nullable=True),
        sa.Column("first_token_s", sa.Double, nullable=True),
        sa.Column("total_s", sa.Double, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.UniqueConstraint("channel_id", "platform_message_id"),
    )
    op.create_index("ix_reply_channel_id_thread_id", "reply", ["channel_id", "thread", "id"])
    op.create_index("ix_reply_status_id", "reply", ["status", "id"])
    op.create_table(
        "reply_source",
        _id(),
        _to("reply_id", "reply.id", delete="CASCADE"),
        _to("message_id", "message.id", delete="CASCADE", null=True),
        _to("earlier_reply_id", "reply.id", delete="CASCADE", null=True),
    )
    op.create_index("ix_reply_source_message_id", "reply_source", ["message_id"])
    op.create_index("ix_reply_source_reply_id", "reply_source", ["reply_id"])
    op.create_table(
        "feedback",
        _id(),
        _to("reply_id", "reply.id", delete="CASCADE"),
        _to("member_id", "member.id", delete="CASCADE"),
        sa.Column("value", BIG, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("reply_id", "member_id"),
    )
    op.create_table(
        "notice",
        _id(),
        sa.Column("to", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("delivered_at", TIME, nullable=True),
    )
    op.create_index("ix_notice_delivered_at_id", "notice", ["delivered_at", "id"])


def _operations() -> None:
    """Heartbeats and audit."""
    op.create_table(
        "program_heartbeat",
        _id(),
        sa.Column("program", sa.String, nullable=False),
        sa.Column("instance", sa.String, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("state", JSON, nullable=False),
        sa.UniqueConstraint("program", "instance"),
    )
    op.create_table(
        "audit",
        _id(),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("verb", sa.String, nullable=False),
        sa.Column("subject", JSON, nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
