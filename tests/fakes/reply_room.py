"""A bot whose replies have their buttons pressed.

Owns the way from a press to the cards that come, and looking at the rows. Knows no model and no network.
"""

from contextlib import aclosing

from bot.chat.cards import Card, Growing
from bot.chat.commands.asked import Around, Call
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, MemberSeen, WorkspaceSeen
from bot.chat.replying.alternatives import Alternatives
from db import candidates, members
from db.models import Reply
from db.session import reading, transaction
from tests.fakes.cards import rendered
from tests.fakes.replying import Bot


class Room:
    """A bot with a desk; who presses is a member of Harbour."""

    def __init__(self, bot: Bot) -> None:
        self.bot, self.platforms = bot, {"slack": bot.platform}
        self.desk = self._opened()

    def _opened(self) -> Desk:
        alternatives = Alternatives(self.bot.sessions, self.bot.replier, self.platforms)
        return Desk(Around(self.bot.sessions, self.bot.live, alternatives=alternatives))

    def restarts(self) -> None:
        self.desk = self._opened()

    async def pressed(self, press: str, value: str, who: str | MemberSeen = "Ann") -> list[Card]:
        """The cards that come, one after another."""
        member = MemberSeen(who, who) if isinstance(who, str) else who
        call = Call(WorkspaceSeen("slack", "T1", "Harbour"), member, ChannelSeen("C1", "general"))
        answer = await self.desk.press(call, press, value)
        if isinstance(answer, Growing):
            async with aclosing(answer.cards) as cards:
                return [card async for card in cards]
        return [answer] if isinstance(answer, Card) else []

    async def said(self, press: str, value: str, who: str | MemberSeen = "Ann") -> str:
        """What the last card says."""
        return rendered((await self.pressed(press, value, who))[-1])

    async def reply(self, reply_id: int) -> Reply:
        async with reading(self.bot.sessions) as session:
            return await session.get_one(Reply, reply_id)

    async def kept(self, reply_id: int) -> list[str]:
        async with reading(self.bot.sessions) as session:
            return [one.text for one in await candidates.of(session, reply_id)]

    async def makes(self, name: str, role: members.RoleName) -> None:
        await self.pressed("thumb", "99 1", name)
        async with transaction(self.bot.sessions) as session:
            member = await members.named(session, name)
            await members.set_role(session, member.id, role, "test", member.created_at)
