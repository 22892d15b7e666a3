"""Other answers to a question, numbered from 1, of which one is what the reply says.

Owns the rows, and what a choice changes of the reply. Knows no engine and no network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Reply, ReplyCandidate
from db.redact import redact


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that might be said instead, and who spoke."""

    text: str
    adapter_id: int | None


async def of(session: AsyncSession, reply_id: int) -> list[ReplyCandidate]:
    """In the order of their numbers."""
    rows = select(ReplyCandidate).where(ReplyCandidate.reply_id == reply_id).order_by(ReplyCandidate.number)
    return list(await session.scalars(rows))


async def numbered(session: AsyncSession, reply_id: int, number: int) -> ReplyCandidate | None:
    return await session.scalar(
        select(ReplyCandidate).where(ReplyCandidate.reply_id == reply_id, ReplyCandidate.number == number)
    )


async def keep(
    session: AsyncSession, reply: Reply, spoken: Sequence[Said], most: int, now: datetime
) -> list[ReplyCandidate]:
    """All there are now. What was said first becomes number 1; what is there already, or empty, is left out.

    `reply` is done, and ours alone until the transaction ends. No more than `most` are kept.
    """
    kept = await of(session, reply.id)
    wanted = [*([] if kept else [Said(reply.text or "", reply.adapter_id)]), *spoken]
    for one in wanted:
        text = redact(one.text).text.strip()
        if not text or len(kept) >= most or any(text == other.text.strip() for other in kept):
            continue
        number = len(kept) + 1
        row = ReplyCandidate(reply_id=reply.id, number=number, text=text, adapter_id=one.adapter_id, created_at=now)
        session.add(row)
        kept.append(row)
    await session.flush()
    return kept


async def shown(session: AsyncSession, reply_id: int, ref: str | None) -> bool:
    """Remember what stands of a done reply; whether it is still there and not deleted."""
    return await _of_done(session, reply_id, {"shown_ref": ref})


async def choose(session: AsyncSession, candidate: ReplyCandidate, by: int, ref: str | None, now: datetime) -> bool:
    """The reply says this from now on; whether it is still there and not deleted."""
    values = {"text": candidate.text, "adapter_id": candidate.adapter_id, "shown_ref": ref}
    if not await _of_done(session, candidate.reply_id, values):
        return False
    await session.execute(
        update(ReplyCandidate).where(ReplyCandidate.id == candidate.id).values(chosen_by=by, chosen_at=now)
    )
    return True


async def _of_done(session: AsyncSession, reply_id: int, values: Mapping[str, object]) -> bool:
    changed = await session.execute(update(Reply).where(Reply.id == reply_id, Reply.status == "done").values(**values))
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1
