"""Verbs that keep order: block and unblock, pause and resume, list replies and delete them."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, NotAllowed, a_role, query, verb
from db import audit, channels, members, mentions, pauses, replies
from db.members import ROLES
from db.mentions import ReplySummary
from db.models import Channel
from db.models.talking import ReplyStatus
from db.transcript import mentioned, with_names
from db.words import listed, say


class CannotBeBlocked(Exception):
    """Admins and owners are not blocked; take the role away first."""


class NotBlocked(Exception):
    """This member is not blocked; `yamabiko members` shows who is."""


class NotPaused(Exception):
    """There is no such pause to end; the message says what is paused."""


@verb("admin", "member", "why")
async def block(session: AsyncSession, actor: Actor, member: str, why: str = "") -> str:
    """The bot answers this member no more, and keeps nothing they ask; their name.

    Blocking again gives another reason. Raises NoSuchMember, CannotBeBlocked.
    """
    found = await members.named(session, member)
    role = await members.role_of(session, found.id)
    if role in ("admin", "owner"):
        raise CannotBeBlocked(
            say(
                "{name} is {role}; `yamabiko role` takes that away, and then blocking is open.",
                name=found.name,
                role=a_role(role),
            )
        )
    await members.block(session, found.id, actor.name, why, datetime.now(UTC))
    return found.name


@verb("admin", "member")
async def unblock(session: AsyncSession, actor: Actor, member: str) -> str:
    """The bot answers this member again; their name. Raises NoSuchMember, NotBlocked."""
    found = await members.named(session, member)
    if not await members.unblock(session, found.id):
        raise NotBlocked(say("{name} is not blocked; `yamabiko members` shows who is.", name=found.name))
    return found.name


@verb("admin", "channel")
async def pause(session: AsyncSession, actor: Actor, channel: str | int | None = None) -> str | None:
    """Answer nobody in a channel, or anywhere (None), until it is resumed; the channel's name.

    What was asked before is still answered. Raises NoSuchChannel, AmbiguousChannel.
    """
    found = await channels.named(session, channel) if channel is not None else None
    await pauses.begin(session, found.id if found else None, actor.name, datetime.now(UTC))
    return found.name if found else None


@verb("admin", "channel")
async def resume(session: AsyncSession, actor: Actor, channel: str | int | None = None) -> list[str | None]:
    """End a channel's pause, or the one of everything (None); what is still paused, None standing for everything.

    Raises NoSuchChannel, AmbiguousChannel, NotPaused.
    """
    found = await channels.named(session, channel) if channel is not None else None
    ended = await pauses.end(session, found.id if found else None)
    still = await pauses.places(session)
    if not ended:
        raise NotPaused(_not_paused(found, _places(still)))
    return still


def _not_paused(channel: Channel | None, paused: str) -> str:
    if channel is None:
        return say("Not everything is paused, so there is nothing to resume; paused: {paused}.", paused=paused)
    return say(
        "{channel} is not paused, so there is nothing to resume; paused: {paused}.", channel=channel.name, paused=paused
    )


def _places(places: list[str | None]) -> str:
    return listed(place or say("everything") for place in places) or say("nothing")


@query("curator")
async def list_replies(session: AsyncSession, actor: Actor, limit: int = 20) -> list[ReplySummary]:
    """Newest first, with members' names in what was asked."""
    found = await mentions.latest(session, limit)
    names = await members.names(session, {one for reply in found for one in mentioned(reply.asked)})
    return [replace(reply, asked=with_names(reply.asked, names)) for reply in found]


@verb("member", "reply")
async def delete_reply(session: AsyncSession, actor: Actor, reply: int) -> ReplyStatus:
    """Erase a reply and what was asked; "deleting" until the bot has taken the message away, then "deleted".

    Open to the one who asked, and to curators and above, of whom the audit tells. Raises NoSuchReply, NotAllowed.
    """
    found = await replies.numbered(session, reply)
    if actor.name != f"member:{found.asker_id}":
        if ROLES.index(actor.role) < ROLES.index("curator"):
            raise NotAllowed(say("Only the one who asked, or a curator, may delete this reply."), "curator")
        audit.record(session, actor.name, "delete_reply", {"reply": reply}, datetime.now(UTC))
    await replies.erase(session, found)
    return found.status
