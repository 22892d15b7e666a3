"""Datasets: which text may be learned, and the immutable list of what was.

Owns the rule that consent, permission, approval and the channel's state make together; the trainer asks here
and nowhere else. Knows no cleaning and no model.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, FromClause, Select, case, func, null, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from db import members, personas
from db.models import (
    API_TEXT,
    Block,
    Channel,
    Consent,
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
    yes = union(
        members.saying_yes("community"), members.saying_yes("voice").where(Consent.member_id.in_(sorted(voices)))
    )
    found = Learnable([], Counter())
    rows = await session.execute(
        select(Message, MessageRevision, _left_out(Message, yes).label("reason"))
        .join(Channel, Channel.id == Message.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .join(
            MessageRevision,
            (MessageRevision.message_id == Message.id) & (MessageRevision.number == Message.revision),
        )
        .where(Message.channel_id.in_(channels), Message.deleted_at.is_(None))
        .order_by(Message.channel_id, Message.at, Message.id)
    )
    for message, revision, reason in rows:
        if reason:
            found.left_out[reason] += 1
            continue
        target = message.member_id in speaking if persona.voice == "members" else True
        if persona.voice == "community" and message.member_id is not None:
            target = message.member_id in agreed
        found.texts.append(_text(message, revision, target))
    return found


async def why_not(session: AsyncSession, message_id: int) -> str | None:
    """Why a persona of the community's voice may not learn this message; None when it may."""
    return await session.scalar(
        select(_left_out(Message, members.saying_yes("community")))
        .select_from(Message)
        .join(Channel, Channel.id == Message.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
        .where(Message.id == message_id)
    )


def _left_out(
    message: type[Message] | FromClause, agreed: Select[int] | CompoundSelect[int]
) -> ColumnElement[str | None]:
    """Why a message, joined with its channel and workspace, may not be learned; null when it may."""
    row = message.c if isinstance(message, FromClause) else message
    permitted = func.coalesce(Workspace.permission_ground, "") != ""
    return case(
        (Channel.state != "training", "channel not approved for training"),
        (row.review == "left_out", "left out in review"),
        ((row.review == "pending") & Channel.review_each, "not reviewed yet"),
        (row.provenance.in_(API_TEXT) & ~permitted, "no permission for API text"),
        # a file of the owner's own, approved with its channel
        (row.member_id.is_(None) & (row.provenance == "owner_file"), null()),
        (row.member_id.is_(None), "author unknown"),
        (row.member_id.in_(select(Block.member_id)), "author blocked"),
        (row.member_id.in_(agreed), null()),
        else_="no consent",
    )


@dataclass
class Tally:
    """What a channel holds: messages by provenance, how many a persona of the community's voice may learn, why others
    are left out; and its authors, with how many of them said yes and no."""

    provenances: Counter[str] = field(default_factory=Counter[str])
    learnable: int = 0
    left_out: Counter[str] = field(default_factory=Counter[str])
    authors: int = 0
    yes: int = 0
    no: int = 0


async def tallies(session: AsyncSession) -> dict[int, Tally]:
    """By channel, as `learnable` would decide; channels without messages are absent."""
    found: dict[int, Tally] = {}
    authors: dict[int, set[int]] = {}
    for channel, author, provenance, reason, count in await session.execute(_counted()):
        tally = found.setdefault(channel, Tally())
        tally.provenances[provenance] += count
        if reason is None:
            tally.learnable += count
        else:
            tally.left_out[reason] += count
        if author is not None:
            authors.setdefault(channel, set()).add(author)
    yes = await members.consenting(session, "community")
    no = set(await session.scalars(members.saying_no("community")))
    for channel, who in authors.items():
        found[channel].authors, found[channel].yes, found[channel].no = len(who), len(who & yes), len(who & no)
    return found


def _counted() -> Select[int, int | None, str, str | None, int]:
    """How many messages of a channel, an author and a provenance there are for each reason.

    Alike ones are counted first: the rule is asked of tens of thousands then, not of a million.
    """
    kinds = (Message.channel_id, Message.member_id, Message.provenance, Message.review)
    alike = select(*kinds, func.count().label("count")).where(Message.deleted_at.is_(None)).group_by(*kinds).subquery()
    reason = _left_out(alike, members.saying_yes("community")).label("reason")
    return (
        select(alike.c.channel_id, alike.c.member_id, alike.c.provenance, reason, alike.c.count)
        .join(Channel, Channel.id == alike.c.channel_id)
        .join(Workspace, Workspace.id == Channel.workspace_id)
    )


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
