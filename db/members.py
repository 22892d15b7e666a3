"""Members: who they are, what they may do, and what they agreed to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Block, Consent, Member, Message, Role, Workspace

RoleName = Literal["owner", "admin", "curator", "member"]
Purpose = Literal["community", "voice"]
ROLES: tuple[RoleName, ...] = ("member", "curator", "admin", "owner")  # each may do what those before it may


class NoSuchMember(Exception):
    """There is no such member; `yamabiko members` shows them."""


@dataclass(frozen=True, slots=True)
class MemberSummary:
    id: int
    workspace: str
    name: str
    role: RoleName
    consents: dict[str, bool]  # purpose → latest answer; nothing said is absent and means no
    blocked: bool
    messages: int


async def ensure(
    session: AsyncSession, workspace: Workspace, people: Iterable[tuple[str, str]], now: datetime
) -> dict[str, Member]:
    """Rows for `(platform id, name)` pairs, by platform id; changed names are taken over.

    An empty name leaves a known member's name as it is; a new member is then called by the platform id.
    """
    wanted = dict(people)
    found = {
        member.platform_id: member
        for member in await session.scalars(
            select(Member).where(Member.workspace_id == workspace.id, Member.platform_id.in_(wanted))
        )
    }
    for platform_id, name in wanted.items():
        if platform_id not in found:
            member = Member(
                workspace_id=workspace.id, platform_id=platform_id, name=name or platform_id, created_at=now
            )
            session.add(member)
            found[platform_id] = member
        elif name:
            found[platform_id].name = name
    await session.flush()
    return found


async def named(session: AsyncSession, name: str) -> Member:
    """By name or platform id. Raises NoSuchMember; several of one name are told apart by `#ROW`."""
    query = select(Member).where((Member.name == name) | (Member.platform_id == name))
    if name.startswith("#") and name[1:].isdigit():
        query = select(Member).where(Member.id == int(name[1:]))
    found = list(await session.scalars(query))
    if len(found) == 1:
        return found[0]
    if not found:
        raise NoSuchMember(f"There is no member {name!r}; `yamabiko members` shows them.")
    choices = ", ".join(f"#{member.id}" for member in found)
    raise NoSuchMember(f"Several members are called {name!r}; write one of {choices}.")


async def names(session: AsyncSession, ids: Iterable[int]) -> dict[int, str]:
    rows = await session.execute(select(Member.id, Member.name).where(Member.id.in_(set(ids))))
    return dict(rows.all())


async def answer(
    session: AsyncSession,
    member_ids: Iterable[int],
    purpose: Purpose,
    yes: bool,
    ground: str,
    by: str,
    now: datetime,
) -> None:
    """Append an answer for each member."""
    session.add_all(
        Consent(member_id=member, purpose=purpose, answer=yes, ground=ground, by=by, at=now) for member in member_ids
    )
    await session.flush()


async def without_answer(session: AsyncSession, member_ids: Iterable[int], purpose: Purpose) -> list[int]:
    """Those who never answered; an owner's statement at import must not overrule a member's own no."""
    ids = list(member_ids)
    answered = set(await session.scalars(select(Consent.member_id).where(Consent.purpose == purpose)))
    return [member for member in ids if member not in answered]


async def consenting(session: AsyncSession, purpose: Purpose) -> set[int]:
    """The members whose latest answer for this purpose is yes."""
    return set(await session.scalars(saying_yes(purpose)))


def saying_yes(purpose: Purpose) -> Select[int]:
    """`consenting`, to be asked within another statement."""
    return select(Consent.member_id).where(Consent.id.in_(_latest(purpose)), Consent.answer.is_(True))


def saying_no(purpose: Purpose) -> Select[int]:
    """The members whose latest answer for this purpose is no."""
    return select(Consent.member_id).where(Consent.id.in_(_latest(purpose)), Consent.answer.is_(False))


def _latest(purpose: Purpose) -> Select[int]:
    return select(func.max(Consent.id)).where(Consent.purpose == purpose).group_by(Consent.member_id)


async def role_of(session: AsyncSession, member_id: int) -> RoleName:
    found = await session.scalar(select(Role.role).where(Role.member_id == member_id))
    return _role(found)


def _role(found: str | None) -> RoleName:
    known: dict[str, RoleName] = {role: role for role in ROLES}
    return known.get(found or "", "member")


async def set_role(session: AsyncSession, member_id: int, role: RoleName, by: str, now: datetime) -> None:
    await session.execute(delete(Role).where(Role.member_id == member_id))
    if role != "member":
        session.add(Role(member_id=member_id, role=role, by=by, at=now))
    await session.flush()


async def is_blocked(session: AsyncSession, member_id: int) -> bool:
    return await session.scalar(select(Block.id).where(Block.member_id == member_id)) is not None


async def block(session: AsyncSession, member_id: int, by: str, why: str, now: datetime) -> None:
    """Answer and store nothing of this member from now on; the latest reason counts."""
    await unblock(session, member_id)
    session.add(Block(member_id=member_id, by=by, why=why, at=now))
    await session.flush()


async def unblock(session: AsyncSession, member_id: int) -> bool:
    """Whether the member was blocked."""
    gone = await session.scalars(delete(Block).where(Block.member_id == member_id).returning(Block.id))
    return bool(gone.all())


async def summaries(session: AsyncSession) -> list[MemberSummary]:
    """Every member with role, consents and how many messages they wrote, busiest first."""
    written = select(Message.member_id, func.count()).group_by(Message.member_id)
    counts = dict((await session.execute(written)).all())
    roles = dict((await session.execute(select(Role.member_id, Role.role))).all())
    blocked = set(await session.scalars(select(Block.member_id)))
    consents: dict[int, dict[str, bool]] = {}
    for consent in await session.scalars(select(Consent).order_by(Consent.id)):
        consents.setdefault(consent.member_id, {})[consent.purpose] = consent.answer
    rows = await session.execute(select(Member, Workspace.name).join(Workspace))
    found = [
        MemberSummary(
            id=member.id,
            workspace=workspace,
            name=member.name,
            role=_role(roles.get(member.id)),
            consents=consents.get(member.id, {}),
            blocked=member.id in blocked,
            messages=counts.get(member.id, 0),
        )
        for member, workspace in rows
    ]
    return sorted(found, key=lambda member: (-member.messages, member.name))
