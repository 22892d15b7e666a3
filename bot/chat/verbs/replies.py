"""Verbs on one reply, for who reads it: a thumb, other answers, and which of them it says."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import texts
from bot.chat.verbs.authority import Actor, NotAllowed, query, verb
from db import audit, candidates, feedback, members, pauses, replies
from db.candidates import Said
from db.members import ROLES
from db.models import Reply, ReplyCandidate
from db.words import say

MOST = 10  # answers kept to one question, the first one among them


class NotChangeable(Exception):
    """This reply says nothing that could be changed; the message says why."""


@dataclass(frozen=True, slots=True)
class Answers:
    """A reply, its place, and what it might say instead; no `kept` before others were asked for."""

    placed: replies.Placed
    kept: list[ReplyCandidate]


@query("member")
async def answers(session: AsyncSession, actor: Actor, reply: int) -> Answers:
    """Open to the one who asked, and to curators and above. Raises NoSuchReply, NotChangeable, NotAllowed."""
    placed = await replies.placed(session, reply)
    _refuse_others(actor, placed.reply)
    _refuse_unsaid(placed.reply)
    if await members.is_blocked(session, _member(actor)):
        raise NotAllowed(say(texts.BLOCKED))
    if await pauses.hold(session, placed.channel.id):
        raise NotChangeable(say(texts.PAUSED))
    return Answers(placed, await candidates.of(session, reply))


@verb("member")
async def keep_answers(
    session: AsyncSession, actor: Actor, reply: int, said: list[Said], given: list[int], messages: list[int]
) -> list[ReplyCandidate]:
    """Keep other answers beside the first one, and the lineage of what they were given; all there are now.

    Raises NoSuchReply, NotChangeable, NotAllowed.
    """
    found = await replies.numbered(session, reply)
    _refuse_others(actor, found)
    _refuse_unsaid(found)
    await replies.given_too(session, reply, given, messages)
    return await candidates.keep(session, found, said, MOST, datetime.now(UTC))


@verb("member")
async def choose_answer(session: AsyncSession, actor: Actor, reply: int, number: int, ref: str | None) -> None:
    """The reply says this one, which stands as `ref`; a curator's choice for someone else is audited.

    Raises NoSuchReply, NotChangeable, NotAllowed.
    """
    found = await replies.numbered(session, reply)
    _refuse_others(actor, found)
    _refuse_unsaid(found)
    chosen = await candidates.numbered(session, reply, number)
    if chosen is None:
        raise no_such_answer()
    now = datetime.now(UTC)
    await candidates.choose(session, chosen, _member(actor), ref, now)
    if not _asked(actor, found):
        audit.record(session, actor.name, "choose_answer", {"reply": reply, "number": number}, now)


@verb("member")
async def thumb(session: AsyncSession, actor: Actor, reply: int, value: int) -> int | None:
    """Give a thumb, 1 or -1, or take it back by giving it again; what counts now. Raises NoSuchReply, NotAllowed."""
    found = await replies.numbered(session, reply)
    if found.status not in ("answering", "done"):
        raise replies.NoSuchReply(say("This reply is not there any more."))
    member = _member(actor)
    if await members.is_blocked(session, member):
        raise NotAllowed(say(texts.BLOCKED))
    return await feedback.press(session, reply, member, value, datetime.now(UTC))


def no_such_answer() -> NotChangeable:
    return NotChangeable(say("There is no such answer any more; ask for others again."))


def _asked(actor: Actor, reply: Reply) -> bool:
    return actor.name == f"member:{reply.asker_id}"


def _refuse_others(actor: Actor, reply: Reply) -> None:
    if not _asked(actor, reply) and ROLES.index(actor.role) < ROLES.index("curator"):
        raise NotAllowed(say("Only the one who asked, or a curator, may change this reply."), "curator")


def _refuse_unsaid(reply: Reply) -> None:
    if reply.status in replies.OPEN:
        raise NotChangeable(say("I am still answering; ask for another answer when I have finished."))
    if reply.status != "done":
        raise NotChangeable(say("This reply is not there any more."))


def _member(actor: Actor) -> int:
    kind, _, row = actor.name.partition(":")
    assert kind == "member", "only members press buttons under replies"
    return int(row)
