"""Holdings: what the rows keep of one member, counted.

Owns the questions and changes nothing. Never gives the text itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.members import Purpose
from db.models import (
    Adapter,
    Channel,
    Consent,
    Dataset,
    DatasetMessage,
    Feedback,
    Member,
    Message,
    MessageRevision,
    Persona,
    Reply,
    Workspace,
)
from db.models.learning import AdapterState
from db.models.text import Provenance
from db.replies import ERASED


@dataclass(frozen=True, slots=True)
class Written:
    """How many messages of one channel and provenance."""

    workspace: str
    channel: str
    provenance: Provenance
    messages: int


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer about training. `by` is an actor as audit rows name them."""

    purpose: Purpose
    yes: bool
    at: datetime
    ground: str
    by: str


@dataclass(frozen=True, slots=True)
class UsedIn:
    """A dataset that holds messages of the member, and the adapter that learned from it, if one did."""

    persona: str
    dataset: int
    messages: int
    adapter: int | None
    state: AdapterState | None
    live: bool


@dataclass(frozen=True, slots=True)
class Holdings:
    member: int
    name: str
    workspace: str
    language: str | None  # as they chose themselves
    written: Sequence[Written]
    answers: Sequence[Answered]  # newest first
    up: int  # thumbs given
    down: int
    asked: int  # questions kept, with their replies
    used: Sequence[UsedIn]  # newest first


async def of(session: AsyncSession, member: Member) -> Holdings:
    workspace = await session.get_one(Workspace, member.workspace_id)
    thumbs = await _thumbs(session, member.id)
    kept = select(func.count()).where(Reply.asker_id == member.id, Reply.status.not_in(ERASED))
    return Holdings(
        member=member.id,
        name=member.name,
        workspace=workspace.name,
        language=member.language,
        written=await _written(session, member.id),
        answers=await answers(session, member.id),
        up=thumbs.get(1, 0),
        down=thumbs.get(-1, 0),
        asked=await session.scalar(kept) or 0,
        used=await _used(session, member.id),
    )


async def answers(session: AsyncSession, member_id: int) -> list[Answered]:
    """What a member answered about training, newest first."""
    query = select(Consent).where(Consent.member_id == member_id).order_by(Consent.id.desc())
    known: dict[str, Purpose] = {purpose: purpose for purpose in get_args(Purpose)}
    rows = await session.scalars(query)
    return [Answered(known[row.purpose], row.answer, row.at, row.ground, row.by) for row in rows]


async def _written(session: AsyncSession, member_id: int) -> list[Written]:
    rows = await session.execute(
        select(Workspace.name, Channel.name, Message.provenance, func.count())
        .select_from(Message)
        .join(Channel, Channel.id == Message.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .where(Message.member_id == member_id, Message.deleted_at.is_(None))
        .group_by(Workspace.name, Channel.name, Message.provenance)
        .order_by(func.count().desc(), Channel.name)
    )
    return [Written(*row) for row in rows]


async def _thumbs(session: AsyncSession, member_id: int) -> dict[int, int]:
    given = select(Feedback.value, func.count()).where(Feedback.member_id == member_id).group_by(Feedback.value)
    return dict((await session.execute(given)).all())


async def _used(session: AsyncSession, member_id: int) -> list[UsedIn]:
    count = func.count(DatasetMessage.revision_id)
    rows = await session.execute(
        select(Dataset.id, count)
        .join(DatasetMessage, DatasetMessage.dataset_id == Dataset.id)
        .join(MessageRevision, MessageRevision.id == DatasetMessage.revision_id)
        .join(Message, Message.id == MessageRevision.message_id)
        .where(Message.member_id == member_id)
        .group_by(Dataset.id)
    )
    counts = dict(rows.all())
    learned = await session.execute(
        select(Dataset, Persona, Adapter)
        .join(Persona, Persona.id == Dataset.persona_id)
        .outerjoin(Adapter, Adapter.dataset_id == Dataset.id)
        .where(Dataset.id.in_(counts))
        .order_by(Dataset.id.desc())
    )
    return [_use(dataset, persona, adapter, counts[dataset.id]) for dataset, persona, adapter in learned]


def _use(dataset: Dataset, persona: Persona, adapter: Adapter | None, messages: int) -> UsedIn:
    if adapter is None:
        return UsedIn(persona.name, dataset.number, messages, None, None, False)
    live = adapter.id == persona.live_adapter_id
    return UsedIn(persona.name, dataset.number, messages, adapter.number, adapter.state, live)
