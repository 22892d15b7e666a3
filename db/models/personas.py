"""Named personalities, where their text comes from, and the record of what went live."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import BigInt, Id, Row, reference

Shape = Literal["chat", "text"]
Voice = Literal["community", "members"]


class Persona(Row):
    """A personality on one base. Which adapter is live is `live_adapter_id` alone; none is the bare base."""

    __tablename__ = "persona"
    __table_args__ = (
        Index(
            "uq_persona_living_name",
            "name",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    name: Mapped[str]
    base: Mapped[str]
    shape: Mapped[Shape] = mapped_column(String)
    system_prompt: Mapped[str] = mapped_column(Text)
    sampling: Mapped[dict[str, Any]]
    voice: Mapped[Voice] = mapped_column(String)
    preset: Mapped[str]
    recipe: Mapped[dict[str, Any]]
    prompts: Mapped[list[str]]
    schedule: Mapped[dict[str, Any] | None]
    # No foreign key: persona and adapter would point at each other; personas.activate() checks it.
    live_adapter_id: Mapped[int | None] = mapped_column(BigInt)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class PersonaSource(Row):
    """A channel whose text the persona learns from."""

    __tablename__ = "persona_source"
    __table_args__ = (UniqueConstraint("persona_id", "channel_id"),)

    id: Mapped[Id]
    persona_id: Mapped[int] = reference("persona.id", delete="CASCADE")
    channel_id: Mapped[int] = reference("channel.id", delete="CASCADE")


class PersonaVoice(Row):
    """A member whose messages the persona learns to say, when its voice is `members`."""

    __tablename__ = "persona_voice"
    __table_args__ = (UniqueConstraint("persona_id", "member_id"),)

    id: Mapped[Id]
    persona_id: Mapped[int] = reference("persona.id", delete="CASCADE")
    member_id: Mapped[int] = reference("member.id", delete="CASCADE")


class Activation(Row):
    """What went live, when, by whom and why; appended only, by `personas.activate`."""

    __tablename__ = "activation"
    __table_args__ = (Index(None, "persona_id", "id"),)

    id: Mapped[Id]
    persona_id: Mapped[int] = reference("persona.id")
    adapter_id: Mapped[int | None] = reference("adapter.id")
    previous_adapter_id: Mapped[int | None] = reference("adapter.id")
    by: Mapped[str]
    why: Mapped[str]
    at: Mapped[datetime]
