"""Verbs of a member on what is their own: their answers about training, and what is kept of them."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, NotAllowed, query, verb
from db import holdings, members
from db.holdings import Answered, Holdings
from db.members import ROLES, Purpose
from db.words import say


class NobodysOwn(Exception):
    """Only a member has something of their own; whoever sits at the shell names one."""


@verb("member", "yes", "purpose")
async def answer(session: AsyncSession, actor: Actor, yes: bool, purpose: Purpose, ground: str) -> None:
    """Record one's own answer about training. Raises NobodysOwn."""
    await members.answer(session, [_own(actor)], purpose, yes, ground, actor.name, datetime.now(UTC))


@query("member")
async def answers(session: AsyncSession, actor: Actor) -> dict[str, Answered]:
    """One's own latest answer for each purpose that was answered. Raises NobodysOwn."""
    latest: dict[str, Answered] = {}
    for one in await holdings.answers(session, _own(actor)):
        latest.setdefault(one.purpose, one)
    return latest


@query("member")
async def data_of(session: AsyncSession, actor: Actor, member: str) -> Holdings:
    """What is kept of a member, counted. Open to the member, and to admins and above.

    Raises NoSuchMember, NotAllowed.
    """
    found = await members.named(session, member)
    if actor.name != f"member:{found.id}" and ROLES.index(actor.role) < ROLES.index("admin"):
        raise NotAllowed(say("Only the member, or an admin, may see what is kept of them."), "admin")
    return await holdings.of(session, found)


def _own(actor: Actor) -> int:
    if not actor.name.startswith("member:"):
        raise NobodysOwn(say("Only a member has something of their own; name the member you mean."))
    return int(actor.name.removeprefix("member:"))
