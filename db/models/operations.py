"""Who is alive, and who did what."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from db.models.base import Id, Row


class Heartbeat(Row):
    """One program instance saying it lives, what it has loaded and what it could not."""

    __tablename__ = "program_heartbeat"
    __table_args__ = (UniqueConstraint("program", "instance"),)

    id: Mapped[Id]
    program: Mapped[str]  # "bot" or "trainer"
    instance: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[dict[str, Any]]


class Audit(Row):
    """An admin verb that was carried out; never any message text."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[Id]
    at: Mapped[datetime]
    actor: Mapped[str]
    verb: Mapped[str]
    subject: Mapped[dict[str, Any]]
