"""Datasets: which text may be learned, and the immutable list of what was.

Owns the rule that consent, permission, approval and the channel's state make together; the trainer asks here
and nowhere else. Knows no cleaning and no model.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import members, personas
from db.models import (
    API_TEXT,
    Block,
    Channel,
    Dataset,
    DatasetMessage,
    Message,
    MessageRevision,
    Persona,
    Workspace,
)


@dataclass(frozen=True, slots=True)
class Text:
    """A message revision that may be learned."""

    revision_id: int
    message_id: int
    channel_id: int
    platform_id: str
    member_id: int | None
    at: datetime
    thread: str | None
    conversation: str
    provenance: str
    text: str
    may_be_target: bool  # False: the persona speaks as others, and this is context alone


@dataclass(frozen=True, slots=True)
class Learnable:
    texts: list[Text]  # by channel, oldest first
    left_out: Counter[str]  # how many were not taken, by reason


async def learnable(session: AsyncSession, persona: Persona) -> Learnable:
    """The text of the persona's sources that consent, permission, approval and channel state all allow."""
    channels = [channel.id for channel in await personas.sources(session, persona.id)]
    agreed = await members.consenting(session, "community")
    voices = await personas.voices(session, persona.id)
    speaking = voices & await members.consenting(session, "voice")
    blocked = set(await session.scalars(select(Block.member_id)))
    found = Learnable([], Counter())
    rows = await session.execute(
        select(Message, MessageRevision, Channel, Workspace)
        .join(Channel, Channel.id == Message.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .join(
            MessageRevision,
            (MessageRevision.message_id == Message.id) & (MessageRevision.number == Message.revision),
        )
        .where(Message.channel_id.in_(channels), Message.deleted_at.is_(None))
        .order_by(Message.channel_id, Message.at, Message.id)
    )
    for message, revision, channel, workspace in rows:
        reason = _left_out(message, channel, workspace, agreed | speaking, blocked)
        if reason:
            found.left_out[reason] += 1
            continue
        target = message.member_id in speaking if persona.voice == "members" else True
        if persona.voice == "community" and message.member_id is not None:
            target = message.member_id in agreed
        found.texts.append(_text(message, revision, target))
    return found


def _left_out(
    message: Message, channel: Channel, workspace: Workspace, agreed: set[int], blocked: set[int]
) -> str | None:
    if channel.state != "training":
        return "channel not approved for training"
    if message.review == "left_out":
        return "left out in review"
    if message.review == "pending" and channel.review_each:
        return "not reviewed yet"
    if message.provenance in API_TEXT and not workspace.permission_ground:
        return "no permission for API text"
    if message.member_id is None:  # a file of the owner's own, approved with its channel
        return None if message.provenance == "owner_file" else "author unknown"
    if message.member_id in blocked:
        return "author blocked"
    return None if message.member_id in agreed else "no consent"


def _text(message: Message, revision: MessageRevision, target: bool) -> Text:
    return Text(
        revision_id=revision.id,
        message_id=message.id,
        channel_id=message.channel_id,
        platform_id=message.platform_id,
        member_id=message.member_id,
        at=message.at,
        thread=message.thread,
        conversation=message.conversation,
        provenance=message.provenance,
        text=revision.text,
        may_be_target=target,
    )


@dataclass(frozen=True, slots=True)
class Used:
    """A revision's place in a dataset: `part` is "train" or "held_out"."""

    revision_id: int
    part: str
    as_target: bool


async def record(
    session: AsyncSession,
    persona_id: int,
    shape: str,
    used: Iterable[Used],
    counts: dict[str, Any],
    now: datetime,
) -> Dataset:
    """The persona's next dataset, with a lineage row for each revision."""
    last = await session.scalar(select(func.max(Dataset.number)).where(Dataset.persona_id == persona_id))
    dataset = Dataset(persona_id=persona_id, number=(last or 0) + 1, shape=shape, counts=counts, created_at=now)
    session.add(dataset)
    await session.flush()
    session.add_all(
        DatasetMessage(dataset_id=dataset.id, revision_id=row.revision_id, part=row.part, as_target=row.as_target)
        for row in used
    )
    await session.flush()
    return dataset


async def withdrawn(session: AsyncSession, persona: Persona, dataset_id: int) -> int:
    """How many of a dataset's revisions may no longer be learned: edited, deleted, left out, consent taken back."""
    used = await session.scalars(select(DatasetMessage.revision_id).where(DatasetMessage.dataset_id == dataset_id))
    allowed = {text.revision_id for text in (await learnable(session, persona)).texts}
    return len(set(used) - allowed)


async def by_id(session: AsyncSession, ids: Sequence[int]) -> dict[int, Dataset]:
    rows = await session.scalars(select(Dataset).where(Dataset.id.in_(ids)))
    return {dataset.id: dataset for dataset in rows}
