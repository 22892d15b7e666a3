"""An archive in memory to import, and what a reader finds when that is done.

Owns what the archive says. Knows no file format.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from bot.chat.collecting.ingest import Import, Imported
from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.chat.verbs.authority import Actor
from db.models import Member, Message, MessageRevision
from db.session import Sessions, reading

OWNER = Actor("shell:me", "owner")
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    key: str
    items: Sequence[Posted | LeftOut]


class Damaged(Exception):
    """day file 3 is damaged; download the export again."""


@dataclass
class Book:
    """An archive, that may break when a part is read."""

    pages: list[Part]
    people: Sequence[MemberSeen] = (
        MemberSeen("U1", "Ann"),
        MemberSeen("U2", "Ben"),
        MemberSeen("B1", "Bot", True),
    )
    breaks_at: str = ""
    read_parts: list[str] = field(default_factory=list)
    fingerprint: str = "book"
    left_out: Sequence[LeftOut] = (LeftOut("private", 2),)
    workspace: WorkspaceSeen = WorkspaceSeen("slack", "T1", "Harbour")  # noqa: RUF009  # it is frozen
    channels: Sequence[ChannelSeen] = (ChannelSeen("C1", "general"), ChannelSeen("C2", "random"))

    @property
    def members(self) -> Sequence[MemberSeen]:
        return self.people

    def parts(self) -> Sequence[Part]:
        return self.pages

    def read(self, part: Part) -> Iterator[Posted | LeftOut]:
        self.read_parts.append(part.key)
        if part.key == self.breaks_at:
            raise Damaged(Damaged.__doc__)
        yield from part.items


def said(number: int, author: str | None = "U1", text: str = "", channel: str = "C1", **more) -> Posted:
    at = MONDAY + timedelta(minutes=number)
    return Posted(channel, f"{at.timestamp():.6f}", author, at, text or f"message {number}", **more)


def diary(days: int = 6, a_day: int = 5, **changed) -> Book:
    people = ("U1", "U2")
    pages = [
        Part(f"day {day}", [said(100 * day + n, people[n % 2]) for n in range(a_day)] + [LeftOut("bot")])
        for day in range(1, days + 1)
    ]
    return Book(pages, **changed)


async def bring_in(sessions: Sessions, book, ground: str | None = None, progress=lambda fraction: None) -> Imported:
    return await Import(sessions, book, "slack_export", OWNER).run(ground, progress)


async def everything(sessions: Sessions) -> list[tuple]:
    """What a reader could see of all messages, without row numbers."""
    query = (
        select(Message, Member.platform_id, MessageRevision)
        .join(Member, isouter=True)
        .join(MessageRevision)
        .order_by(Message.platform_id, MessageRevision.number)
    )
    async with reading(sessions) as session:
        return [
            (m.platform_id, author, m.at, m.thread, m.conversation, m.revision, r.text)
            for m, author, r in await session.execute(query)
        ]


async def count(sessions: Sessions, table: type) -> int:
    async with reading(sessions) as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0
