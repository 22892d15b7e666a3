"""Questions as their askers change them where they stand: deleted, or in other words.

Owns what a reply's row keeps of its question from then on. Knows no network.
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import replies
from db.models import Reply


async def unask(
    session: AsyncSession, channel_id: int, platform_ids: Sequence[str] | None = None, thread: str | None = None
) -> None:
    """Who asked has deleted the questions: what was asked goes, and nobody answers it.

    They are those of `platform_ids`, all that were asked in `thread`, or all of the channel's.
    """
    left = (Reply.asked != "") | Reply.status.in_(replies.OPEN)
    questions = select(Reply).where(Reply.channel_id == channel_id, left)
    if platform_ids is not None:
        questions = questions.where(Reply.platform_message_id.in_(platform_ids))
    if thread is not None:
        questions = questions.where(Reply.thread == thread)
    for reply in await session.scalars(questions.order_by(Reply.id).with_for_update()):
        if reply.status in replies.OPEN:
            await replies.erase(session, reply)
        reply.asked = ""
    await session.flush()


async def reword(session: AsyncSession, channel_id: int, platform_id: str, asked: str) -> None:
    """The question has other words now; one whose words are gone stays without."""
    question = (Reply.channel_id == channel_id) & (Reply.platform_message_id == platform_id)
    await session.execute(update(Reply).where(question, Reply.asked != "").values(asked=asked))
