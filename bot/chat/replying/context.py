"""What a reply is given beside its question: earlier replies, and what people wrote around it.

Owns where that comes from and in which order it stands: reply rows; messages of opened channels; and in the thread of a
channel that is not opened, what the network shows at this moment, which is not kept. Knows no network and no model.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat import texts
from bot.chat.events import Thread, Written
from bot.chat.platform import Platform
from db import members, replies, surroundings
from db.messages import SILENCE
from db.models import Persona, Reply
from db.redact import redact
from db.session import Sessions, reading
from db.transcript import Line, Turn, mentioned, turns

log = structlog.get_logger()

THREAD_SECONDS = 5  # for a network to show a thread; a reply does not wait longer for what is only helpful
_MENTION = re.compile(r"<@member:([^>\s]+)>")


@dataclass(frozen=True, slots=True)
class Context:
    """`given` are earlier replies and `messages` messages, by row, for lineage."""

    persona: Persona
    turns: list[Turn]
    given: list[int]
    messages: list[int] = field(default_factory=list[int])


@dataclass(frozen=True, slots=True)
class Reach:
    """At most so many earlier replies and messages, none older than `days`."""

    replies: int = 6
    messages: int = 12
    days: int = 30


@dataclass(frozen=True, slots=True)
class _Spoken:
    at: datetime
    line: Line


class Strangers:
    """People without a row: they get numbers that no row has, and names for the moment."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self._rows = dict(rows)
        self.names: dict[int, str] = {}

    def number(self, platform_id: str, name: str) -> int:
        if platform_id not in self._rows:
            self._rows[platform_id] = -1 - len(self.names)
            self.names[self._rows[platform_id]] = name or "someone"
        return self._rows[platform_id]

    def by_row(self, text: str) -> str:
        """Mentions by the network's ids become mentions by row; who has none is someone."""
        return _MENTION.sub(lambda found: self._written(found[1]), text)

    def _written(self, platform_id: str) -> str:
        row = self._rows.get(platform_id)
        if row is None:
            return "@someone"
        return f"<@member:{row}>" if row >= 0 else f"@{self.names[row]}"


async def seen_in_thread(sessions: Sessions, platform: Platform, to: Thread, reply: Reply) -> Sequence[Written]:
    """What the mention answers, and what stands before it in the thread of a channel that is not opened; nothing where
    that fails.
    """
    thread = getattr(platform, "thread", None)  # a terminal has none
    if thread is None or to.thread == to.message:  # it began the thread
        return ()
    if to.thread is not None:
        async with reading(sessions) as session:
            if await surroundings.is_open(session, reply.channel_id):
                return ()
    try:
        async with asyncio.timeout(THREAD_SECONDS):
            return await thread(to)
    except Exception as error:
        log.info("a thread could not be read", reply=reply.id, why=repr(error))
        return ()


async def gathered(sessions: Sessions, reply: Reply, reach: Reach, seen: Sequence[Written] = ()) -> Context:
    """`seen` is what `seen_in_thread` gave."""
    since = datetime.now(UTC) - timedelta(days=reach.days)
    async with reading(sessions) as session:
        persona = await session.get_one(Persona, reply.persona_id)
        if persona.shape == "text":
            return Context(persona, [{"role": "user", "content": reply.asked}], [])
        before = await _before(session, reply, reach, since, seen)
        answered = {one.platform_message_id for one in before}
        around = [*await _said(session, reply, reach, since), *await _answered(session, reply, seen)]
        said = [one for one in {one.id: one for one in around}.values() if one.platform_id not in answered]
        spoken = [_Spoken(one.at, Line(one.member_id, one.text)) for one in said]
        known = answered | {one.platform_id for one in said}
        fleeting, names = await _fleeting(session, reply, [one for one in seen if one.posted.id not in known])
        lines = [*_in_order(before, [*spoken, *fleeting[-reach.messages :]]), _question(reply)]
        people = {line.author for line in lines if line.author is not None}
        people |= {member for line in lines for member in mentioned(line.text)}
        names = {**names, **await members.names(session, people)}
        given = turns(lines, None, names, persona.system_prompt)
        return Context(persona, given, [one.id for one in before], [one.id for one in said])


async def _said(session: AsyncSession, reply: Reply, reach: Reach, since: datetime) -> list[surroundings.Said]:
    if not reach.messages or not await surroundings.is_open(session, reply.channel_id):
        return []
    if reply.thread is not None and reply.thread != reply.platform_message_id:
        return await surroundings.in_thread(session, reply, since, reach.messages)
    return await surroundings.lately(session, reply, max(since, reply.created_at - SILENCE), reach.messages)


async def _before(
    session: AsyncSession, reply: Reply, reach: Reach, since: datetime, seen: Sequence[Written]
) -> list[Reply]:
    """Earlier replies, and those of the bot's own that the mention answers, oldest first."""
    before = await replies.earlier(session, reply, reach.replies, since)
    found = [await replies.at(session, reply.channel_id, one.posted.id) for one in seen if one.author.is_bot]
    meant = [one for one in found if one is not None and one.status == "done" and one.persona_id == reply.persona_id]
    return sorted({one.id: one for one in (*before, *meant) if one.id != reply.id}.values(), key=lambda one: one.id)


async def _answered(session: AsyncSession, reply: Reply, seen: Sequence[Written]) -> list[surroundings.Said]:
    """Those of what the network shows that are rows of an opened channel, however long ago they were written."""
    if not seen or not await surroundings.is_open(session, reply.channel_id):
        return []
    return await surroundings.among(session, reply, [one.posted.id for one in seen])


async def _fleeting(
    session: AsyncSession, reply: Reply, seen: Sequence[Written]
) -> tuple[list[_Spoken], dict[int, str]]:
    """What the network shows, with names for people whom we do not know; blocked members are left out.

    In an opened channel what is no row was not kept for a reason, and is given to nobody.
    """
    seen = [one for one in seen if not one.author.is_bot]
    if seen and await surroundings.is_open(session, reply.channel_id):
        seen = []
    ids = {one.author.id for one in seen} | {found for one in seen for found in _MENTION.findall(one.posted.text)}
    strangers = Strangers(await surroundings.rows_of(session, reply.channel_id, ids))
    numbered = [(strangers.number(one.author.id, one.author.name), one) for one in seen]
    blocked = await surroundings.blocked(session, {number for number, _ in numbered})
    spoken = [
        _Spoken(one.posted.at, Line(number, redact(strangers.by_row(one.posted.text)).text))
        for number, one in numbered
        if number not in blocked and one.posted.text.strip()
    ]
    return spoken, strangers.names


def _in_order(before: Sequence[Reply], spoken: Sequence[_Spoken]) -> list[Line]:
    """Earlier questions with their answers, and messages, by time; an answer follows its question at once."""
    lines = [(one.at, [one.line]) for one in spoken]
    lines += [(one.created_at, [_question(one), Line(None, one.text or texts.EMPTY)]) for one in before]
    return [line for _, several in sorted(lines, key=lambda item: item[0]) for line in several]


def _question(reply: Reply) -> Line:
    return Line(reply.asker_id, reply.asked if reply.asked.strip() else texts.EMPTY)
