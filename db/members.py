"""Members: who they are, what they may do, and what they agreed to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import words
from db.models import Block, Consent, Member, Message, Role, Workspace
from db.names import called, plain
from db.words import listed, say

RoleName = Literal["owner", "admin", "curator", "member"]
Purpose = Literal["community", "voice"]
_AT_ONCE = 1000  # ids in one query
ROLES: tuple[RoleName, ...] = ("member", "curator", "admin", "owner")  # each may do what those before it may


class NoSuchMember(Exception):
    """There is no such member; `yamabiko members` shows them."""


class NoSuchLanguage(Exception):
    """The bot does not speak this language; the message says which it does."""


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
    session: AsyncSession,
    workspace: Workspace,
    people: Iterable[tuple[str, str]],
    now: datetime,
    locales: Mapping[str, str] | None = None,
) -> dict[str, Member]:
    """Rows for `(platform id, name)` pairs, by platform id; changed names are taken over, and so are `locales`.

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
    for platform_id, locale in (locales or {}).items():
        found[platform_id].locale = locale
    await session.flush()
    return found


async def known(session: AsyncSession, workspace: Workspace, platform_id: str) -> Member | None:
    """The member's row, where it has one."""
    return await session.scalar(
        select(Member).where(Member.workspace_id == workspace.id, Member.platform_id == platform_id)
    )


async def named(session: AsyncSession, name: str) -> Member:
    """By name or platform id. Raises NoSuchMember; several of one name are told apart by `#ROW`."""
    query = select(Member).where((Member.name == name) | (Member.platform_id == name))
    row = plain(name)
    if row.startswith("#") and row[1:].isdigit():
        query = select(Member).where(Member.id == int(row[1:]))
    found = list(await session.scalars(query)) or await _called_alike(session, name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NoSuchMember(say("There is no member {name!r}; `yamabiko members` shows them.", name=name))
    choices = ", ".join(f"#{member.id}" for member in found)
    raise NoSuchMember(say("Several members are called {name!r}; write one of {choices}.", name=name, choices=choices))


async def _called_alike(session: AsyncSession, name: str) -> list[Member]:
    """By a name typed in other characters than it is kept in. There may be many members: only names are read."""
    rows = (await session.execute(select(Member.id, Member.name))).all()
    ids = [member_id for member_id, _ in called(name, rows, lambda row: row[1])]
    return list(await session.scalars(select(Member).where(Member.id.in_(ids)).order_by(Member.id)))


async def called_in(session: AsyncSession, workspace_id: int, name: str) -> list[Member]:
    """The members of this name in one workspace."""
    rows = (await session.execute(select(Member.id, Member.name).where(Member.workspace_id == workspace_id))).all()
    ids = [member_id for member_id, _ in called(name, rows, lambda row: row[1])]
    return list(await session.scalars(select(Member).where(Member.id.in_(ids)).order_by(Member.id)))


def language_of(member: Member) -> str:
    """What the bot speaks with them: what they chose, else their network's language, else the config's."""
    return member.language or words.best(member.locale or "") or words.by_default()


def choose_language(member: Member, language: str | None) -> None:
    """One of `words.LANGUAGES`; None goes back to what their network says. Raises NoSuchLanguage."""
    if language is not None and language not in words.LANGUAGES:
        known = listed(f"{code} ({name})" for code, name in words.LANGUAGES.items())
        raise NoSuchLanguage(
            say("There is no language {language!r}; there are {known}.", language=language, known=known)
        )
    member.language = language


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
    answered: set[int] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        query = select(Consent.member_id).where(Consent.purpose == purpose, Consent.member_id.in_(some))
        answered.update(await session.scalars(query))
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


async def with_role(session: AsyncSession, workspace_id: int, least: RoleName) -> list[str]:
    """The names of a workspace's members who may do what `least` may, or more."""
    enough = ROLES[ROLES.index(least) :]
    query = select(Member.name).join(Role, Role.member_id == Member.id).order_by(Member.name)
    return list(await session.scalars(query.where(Member.workspace_id == workspace_id, Role.role.in_(enough))))


async def who_may(session: AsyncSession, workspace_id: int, least: RoleName) -> list[int]:
    """The rows of a workspace's members who may do what `least` may, or more."""
    enough = ROLES[ROLES.index(least) :]
    query = select(Member.id).join(Role, Role.member_id == Member.id).order_by(Member.id)
    return list(await session.scalars(query.where(Member.workspace_id == workspace_id, Role.role.in_(enough))))


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


async def blocked(session: AsyncSession, workspace: Workspace, platform_ids: Iterable[str]) -> set[str]:
    """Those of these people, by the platform's ids, who are blocked."""
    theirs = Member.workspace_id == workspace.id, Member.platform_id.in_(set(platform_ids))
    return set(await session.scalars(select(Member.platform_id).join(Block).where(*theirs)))


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
    written = select(Message.member_id, func.count()).where(Message.deleted_at.is_(None)).group_by(Message.member_id)
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
