"""Verbs on text and on who agreed to what: channels, review, members, consent, permission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, NotAllowed, query, verb
from db import channels, datasets, members, messages, reviews, workspaces
from db.channels import ChannelSummary
from db.datasets import Tally
from db.members import ROLES, MemberSummary, Purpose, RoleName
from db.messages import Reviewable
from db.models.text import Review
from db.reviews import Leaf
from db.words import listed, say
from db.workspaces import WorkspaceSummary


class GroundMissing(Exception):
    """A consent or a permission is recorded with its ground; say what it rests on."""


@query("member")
async def list_channels(session: AsyncSession, actor: Actor) -> list[ChannelSummary]:
    return await channels.summaries(session)


@query("curator")
async def tally(session: AsyncSession, actor: Actor) -> dict[int, Tally]:
    """Of each channel that holds messages, by its row: how much may be learned, and why not more."""
    return await datasets.tallies(session)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What a channel is open for."""

    id: int
    name: str
    state: str
    review_each: bool


@query("admin")
async def look(session: AsyncSession, actor: Actor, channel: str | int) -> ChannelState:
    """Any channel, also one that was never opened. Raises NoSuchChannel, AmbiguousChannel."""
    found = await channels.named(session, channel)
    return ChannelState(found.id, found.name, found.state, found.review_each)


@verb("admin", "channel", "for_training", "review_each")
async def approve(
    session: AsyncSession, actor: Actor, channel: str | int, for_training: bool, review_each: bool = False
) -> str:
    """Open a channel for context, or for training too; its name. Raises NoSuchChannel, AmbiguousChannel."""
    found = await channels.named(session, channel)
    found.state = "training" if for_training else "context"
    found.review_each = review_each
    return found.name


@verb("admin", "channel")
async def close(session: AsyncSession, actor: Actor, channel: str | int) -> str:
    """Nothing of the channel is collected, used or learned from now on. Raises NoSuchChannel."""
    found = await channels.named(session, channel)
    await channels.shut(session, found)
    return found.name


@query("curator")
async def to_review(
    session: AsyncSession, actor: Actor, channel: str | int, state: Review | None, limit: int
) -> list[Reviewable]:
    return await messages.listed(session, await channels.named(session, channel), state, limit)


@query("curator")
async def look_through(
    session: AsyncSession, actor: Actor, channel: str | int, state: Review | None, wanted: str = "", leaf: int = 0
) -> Leaf:
    """A leaf of the channel's messages that contain `wanted`, newest first. Raises NoSuchChannel, AmbiguousChannel."""
    return await reviews.leaf(session, await channels.named(session, channel), state, wanted, leaf)


@verb("curator", "ids", "state")
async def review(session: AsyncSession, actor: Actor, ids: Sequence[int], state: Review) -> int:
    """How many messages were put into this review state. Raises NoSuchMessage."""
    return await messages.set_review(session, ids, state)


@query("curator")
async def pending(
    session: AsyncSession, actor: Actor, channel: str | int, older_than: int | None = None, limit: int = 8
) -> tuple[str, Leaf]:
    """A channel's name, its newest messages that nobody has looked at, older than that one, and how many of any age.

    Raises NoSuchChannel, AmbiguousChannel.
    """
    found = await channels.named(session, channel)
    return found.name, await reviews.pending(session, found, older_than, limit)


@verb("curator", "channel", "message", "state")
async def review_message(session: AsyncSession, actor: Actor, channel: int, message: str, state: Review) -> str | None:
    """Put one message, by its network's id, into a review state; why it may still not be learned, if so.

    Raises NoSuchChannel, NoSuchMessage.
    """
    found = await reviews.seen(session, await channels.named(session, channel), message)
    await messages.set_review(session, [found], state)
    return await datasets.why_not(session, found)


@query("curator")
async def list_members(session: AsyncSession, actor: Actor) -> list[MemberSummary]:
    return await members.summaries(session)


@verb("owner", "member", "role")
async def set_role(session: AsyncSession, actor: Actor, member: str, role: RoleName) -> str:
    """Their name. Raises NoSuchMember, NotAllowed."""
    if role not in ROLES:
        raise NotAllowed(say("There is no role {role!r}; the roles are {roles}.", role=role, roles=listed(ROLES)))
    found = await members.named(session, member)
    await members.set_role(session, found.id, role, actor.name, datetime.now(UTC))
    return found.name


@verb("member", "member", "language")
async def choose_language(session: AsyncSession, actor: Actor, member: str, language: str | None) -> str:
    """What the bot speaks with a member (None: what their network says); their name.

    Open to the member, and to admins and above. Raises NoSuchMember, NoSuchLanguage, NotAllowed.
    """
    found = await members.named(session, member)
    if actor.name != f"member:{found.id}" and ROLES.index(actor.role) < ROLES.index("admin"):
        raise NotAllowed(
            say("Only the member, or an admin, may choose the language the bot speaks with them."), "admin"
        )
    members.choose_language(found, language)
    return found.name


@verb("owner", "member", "yes", "purpose", "ground")
async def consent(
    session: AsyncSession, actor: Actor, member: str | None, yes: bool, purpose: Purpose, ground: str
) -> int:
    """Record an answer about training: of one member, or of all who never answered (None).

    How many answers were recorded. Raises NoSuchMember, GroundMissing.
    """
    if not ground.strip():
        raise GroundMissing(
            say('Say what this consent rests on, for example --ground "signed form of 2 May, kept by the secretary".')
        )
    if member is None:
        everyone = [summary.id for summary in await members.summaries(session)]
        ids = await members.without_answer(session, everyone, purpose)
    else:
        ids = [(await members.named(session, member)).id]
    await members.answer(session, ids, purpose, yes, ground, actor.name, datetime.now(UTC))
    return len(ids)


@query("curator")
async def list_workspaces(session: AsyncSession, actor: Actor) -> list[WorkspaceSummary]:
    return await workspaces.summaries(session)


@query("owner")
async def workspace(session: AsyncSession, actor: Actor, name: str | int) -> WorkspaceSummary:
    """One of them. Raises NoSuchWorkspace."""
    found = await workspaces.named(session, name)
    return next(one for one in await workspaces.summaries(session) if one.id == found.id)


@verb("owner", "workspace", "ground")
async def permit_training(session: AsyncSession, actor: Actor, workspace: str | int, ground: str) -> str:
    """Record the ground for training on a workspace's API text ("" withdraws it); its name."""
    found = await workspaces.named(session, workspace)
    workspaces.permit(found, ground.strip(), actor.name, datetime.now(UTC))
    return found.name
