"""One reply in the hands of this process: its lease, its fence, and what stands of it.

Owns every write to a claimed row. A write of an attempt that another one has followed raises ReplyLost. Knows
no engine, and of networks only the protocol.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.events import Thread
from bot.chat.platform import Draft, Kind, Platform
from bot.chat.replying.posting import merged
from bot.chat.replying.reply_buttons import buttons
from db import members, questions, replies
from db.models import Reply
from db.session import Sessions, reading, transaction


class Hand:
    """`until` is when the lease lapses, as the row has it; `language` is the asker's;
    `ending` is set once the last write has begun.
    """

    def __init__(self, sessions: Sessions, claimed: replies.Placed, lease: timedelta) -> None:
        self._sessions, self._lease = sessions, lease
        self.reply = claimed.reply
        self.to = place_of(claimed)
        self.language = members.language_of(claimed.asker)
        self.until = claimed.reply.lease_until or datetime.now(UTC)
        self.ending = False
        self._nonce = name_of(claimed.reply)
        self._shown = claimed.reply.shown_ref

    async def ours(self) -> None:
        """Return while the row is surely ours, so that nobody else shows it. Raises ReplyLost.

        Two thirds of a lease after the last renewal the row itself is asked: we may have slept, or the database
        was away. The last third is left for the call to the network that follows.
        """
        if datetime.now(UTC) < self.until - self._lease / 3:
            return
        now = datetime.now(UTC)
        async with transaction(self._sessions) as session:
            if not await replies.renew(session, {self.reply.id: self.reply.attempt}, now, self._lease):
                raise replies.ReplyLost(f"Reply {self.reply.id} was taken over by another attempt.")
        self.until = now + self._lease

    async def look(self, platform: Platform) -> None:
        """Find what earlier attempts left standing. Raises ReplyLost."""
        if self.reply.attempt == 1:
            return
        async with reading(self._sessions) as session:
            others = await replies.shown_beside(session, self.reply)
        standing = merged(self._shown, await platform.find(self.to, self._nonce, others))
        if standing is not None and standing != self._shown:
            await self._stands(standing)

    async def show(self, platform: Platform, pieces: AsyncIterator[str], kind: Kind) -> None:
        """All that is said in answer goes this way, under one name. Raises ReplyLost, NotShown, what pieces raise."""
        actions = buttons(self.reply.id) if kind == "answer" else ()
        draft = Draft(self._nonce, pieces, kind, self._shown, self.ours, self._stands, actions)
        self._shown = await platform.show(self.to, draft)

    async def _stands(self, ref: str) -> None:
        async with transaction(self._sessions) as session:
            await replies.shown(session, self.reply, ref)
        self._shown = ref

    async def finish(
        self, answer: replies.Answer, adapter_id: int | None, given: list[int], messages: Sequence[int] = ()
    ) -> None:
        async with self._last_write() as session:
            now = datetime.now(UTC)
            await replies.finish(session, self.reply, answer, self._shown, adapter_id, given, now, messages)

    async def fail(self, why: str) -> None:
        async with self._last_write() as session:
            await replies.fail(session, self.reply, why, self._shown, datetime.now(UTC))

    async def apologise(self, why: str) -> None:
        async with self._last_write() as session:
            await replies.apologise(session, self.reply, why, self._shown, datetime.now(UTC))

    async def unask(self) -> None:
        """The question is gone: nothing of it is kept, and nothing of an answer stays."""
        async with self._last_write() as session:
            await questions.unask(session, self.reply.channel_id, [self.reply.platform_message_id])

    def _last_write(self) -> AbstractAsyncContextManager[AsyncSession]:
        self.ending = True
        return transaction(self._sessions)


def name_of(reply: Reply) -> str:
    """The nonce under which everything is shown that is said in answer."""
    return f"reply-{reply.id}"


def place_of(placed: replies.Placed) -> Thread:
    return Thread(
        platform=placed.workspace.platform,
        workspace=placed.workspace.platform_id,
        channel=placed.channel.platform_id,
        thread=placed.reply.thread,
        message=placed.reply.platform_message_id,
        asker=placed.asker.platform_id,
        persona=placed.persona.name,
    )
