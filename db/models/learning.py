"""What was learned from what: datasets, runs, adapters and verdicts."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Id, Row, reference

RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled", "skipped"]
AdapterState = Literal["candidate", "rejected", "tainted", "deleted"]


class Dataset(Row):
    """An immutable, numbered list of the message revisions a fine-tune used; text is never copied into it."""

    __tablename__ = "dataset"
    __table_args__ = (UniqueConstraint("persona_id", "number"),)

    id: Mapped[Id]
    persona_id: Mapped[int] = reference("persona.id")
    number: Mapped[int]
    shape: Mapped[str]
    counts: Mapped[dict[str, Any]]  # how many were used, by provenance, and left out, by reason
    created_at: Mapped[datetime]


class DatasetMessage(Row):
    """One revision in a dataset; `part` is train or held_out, `as_target` is false for context alone."""

    __tablename__ = "dataset_message"
    __table_args__ = (Index(None, "revision_id"),)

    dataset_id: Mapped[int] = reference("dataset.id", delete="CASCADE", primary_key=True)
    revision_id: Mapped[int] = reference("message_revision.id", primary_key=True)
    part: Mapped[str]
    as_target: Mapped[bool]


class Run(Row):
    """One piece of work for the trainer. `attempt` fences: only the current attempt may write its outcome."""

    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("persona_id", "scheduled_for"), Index(None, "status", "id"))

    id: Mapped[Id]
    persona_id: Mapped[int] = reference("persona.id")
    kind: Mapped[str]
    status: Mapped[RunStatus] = mapped_column(String, default="queued")
    requested_by: Mapped[str]
    note: Mapped[str]
    settings: Mapped[dict[str, Any]]  # what the requester chose beyond the persona's own recipe
    scheduled_for: Mapped[str | None]  # the persona's local wall-clock time, for scheduled runs
    dataset_id: Mapped[int | None] = reference("dataset.id")
    attempt: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    phase: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)  # why it failed, was skipped or cancelled: one sentence
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class RunPoint(Row):
    """One optimiser step of a run: loss in nats per target token, speed, and seconds left."""

    __tablename__ = "run_point"

    run_id: Mapped[int] = reference("run.id", delete="CASCADE", primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    steps: Mapped[int]
    loss: Mapped[float]
    tokens_per_second: Mapped[float]
    seconds_left: Mapped[float]
    at: Mapped[datetime]


class Adapter(Row):
    """The numbered LoRA weights of a run. Whether one is live is the persona's `live_adapter_id` alone."""

    __tablename__ = "adapter"
    __table_args__ = (UniqueConstraint("persona_id", "number"), UniqueConstraint("run_id"))

    id: Mapped[Id]
    persona_id: Mapped[int] = reference("persona.id")
    number: Mapped[int]
    run_id: Mapped[int] = reference("run.id")
    dataset_id: Mapped[int] = reference("dataset.id")
    state: Mapped[AdapterState] = mapped_column(String, default="candidate")
    base: Mapped[str]
    folder: Mapped[str]  # below the adapters folder of the storage
    sha256: Mapped[str]  # of adapter_model.safetensors, checked before every load
    figures: Mapped[dict[str, Any]]  # losses and perplexities of base, live and candidate; answers to the prompts
    created_at: Mapped[datetime]


class Verdict(Row):
    """The gate's answer for a candidate: promote, ask or reject, with reasons and figures."""

    __tablename__ = "verdict"
    __table_args__ = (Index(None, "adapter_id", "id"),)

    id: Mapped[Id]
    adapter_id: Mapped[int] = reference("adapter.id", delete="CASCADE")
    answer: Mapped[str]
    reasons: Mapped[list[str]]
    figures: Mapped[dict[str, Any]]
    at: Mapped[datetime]
