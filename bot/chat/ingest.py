"""What an archive shows becomes rows, in short batches that can be taken up again.

Owns the order of an import, its cursor and its counts. Knows no file format: archives give neutral values.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.chat.verbs.authority import Actor, authorise
from bot.chat.verbs.text import GroundMissing
from db import audit, channels, cursors, members, messages, workspaces
from db.messages import NewMessage, Stored
from db.models import Channel, Workspace
from db.models.text import Provenance
from db.session import Sessions, transaction

BATCH = 200  # messages a transaction: well under 200 ms on a slow disk

T = TypeVar("T")

_MENTION = re.compile(r"<@member:([^>\s]+)>")


class Part(Protocol):
    """A piece of an archive that is read in one go, such as a day file; `key` orders and names it.

    One that has a `progress` (the share of the whole that is behind once it is read, 0 to 1) tells it better
    than counting parts does.
    """

    @property
    def key(self) -> str: ...


class Archive(Protocol):
    """A file of past messages, opened and checked."""

    @property
    def workspace(self) -> WorkspaceSeen: ...
    @property
    def members(self) -> Sequence[MemberSeen]: ...
    @property
    def channels(self) -> Sequence[ChannelSeen]: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def left_out(self) -> Sequence[LeftOut]: ...
    def parts(self) -> Sequence[Part]: ...
    def read(self, part: Part) -> Iterator[Posted | LeftOut]: ...


@dataclass
class Imported:
    """What an import did. `resumed` tells that an earlier one of the same file had been interrupted."""

    stored: int = 0
    revised: int = 0
    unchanged: int = 0
    left_out: Counter[str] = field(default_factory=Counter[str])
    members: int = 0
    consents: int = 0
    resumed: bool = False

    def add(self, stored: Stored) -> None:
        self.stored += stored.new
        self.revised += stored.revised
        self.unchanged += stored.unchanged


class ImportInterrupted(Exception):
    """The file turned out to be damaged midway; the message says what was kept."""


class Import:
    """One archive on its way into the rows."""

    def __init__(self, sessions: Sessions, archive: Archive, provenance: Provenance, actor: Actor) -> None:
        self._sessions, self._archive = sessions, archive
        self._actor, self._by = actor, actor.name
        self._provenance: Provenance = provenance
        self._source = f"{provenance}:{archive.fingerprint}"
        self._member_ids: dict[str, int] = {}
        self._channels: dict[str, Channel] = {}
        self.outcome = Imported()

    async def run(self, consent_ground: str | None, progress: Callable[[float], None]) -> Imported:
        """Bring everything in; a new import of the same archive goes on where an interrupted one stopped.

        Admins may, and only an owner states that others have agreed. Raises NotAllowed, GroundMissing,
        ImportInterrupted.
        """
        authorise(self._actor, "admin", "import")
        if consent_ground is not None:
            authorise(self._actor, "owner", "consent")
        if consent_ground is not None and not consent_ground.strip():
            raise GroundMissing("Say what this consent rests on, or leave --consent-ground out.")
        async with transaction(self._sessions) as session:
            workspace = await self._people(session, consent_ground)
            done = await cursors.position(session, self._source)
            subject = {"source": self._source, "workspace": workspace.name, "ground": consent_ground}
            audit.record(session, self._by, "import", subject, datetime.now(UTC))
        parts = self._archive.parts()
        self._count_left_out(self._archive.left_out)
        first = _after(parts, done) % max(len(parts), 1)  # a file that was read to its end is read anew
        self.outcome.resumed = first > 0
        for place, part in enumerate(parts[first:], start=first + 1):
            await self._part(workspace, part)
            progress(getattr(part, "progress", place / len(parts)))
        return self.outcome

    async def _people(self, session: AsyncSession, consent_ground: str | None) -> Workspace:
        now = datetime.now(UTC)
        seen = self._archive.workspace
        workspace = await workspaces.ensure(session, seen.platform, seen.id, seen.name, now)
        humans = [(member.id, member.name) for member in self._archive.members if not member.is_bot]
        for batch in _batches(humans, BATCH):
            rows = await members.ensure(session, workspace, batch, now)
            self._member_ids |= {platform_id: row.id for platform_id, row in rows.items()}
        for channel in self._archive.channels:
            row = await channels.ensure(session, workspace, channel.id, channel.name, now)
            self._channels[channel.id] = row
        self.outcome.members = len(humans)
        if consent_ground is not None:
            unasked = await members.without_answer(session, self._member_ids.values(), "community")
            await members.answer(session, unasked, "community", True, consent_ground, self._by, now)
            self.outcome.consents = len(unasked)
        return workspace

    async def _part(self, workspace: Workspace, part: Part) -> None:
        posted: list[Posted] = []
        try:
            # In a thread: a large file's part takes seconds, in which a bot goes on talking.
            for item in await asyncio.to_thread(list, self._archive.read(part)):
                if isinstance(item, LeftOut):
                    self._count_left_out([item])
                else:
                    posted.append(item)
        except Exception as error:
            kept = self.outcome.stored + self.outcome.unchanged
            raise ImportInterrupted(
                f"{error} {kept:,} messages before it are kept; with a whole file the import goes on from there."
            ) from error
        for batch in _batches(posted, BATCH):
            async with transaction(self._sessions) as session:
                await self._store(session, workspace, batch)
        async with transaction(self._sessions) as session:
            await cursors.advance(session, self._source, part.key, datetime.now(UTC))

    async def _store(self, session: AsyncSession, workspace: Workspace, batch: Sequence[Posted]) -> None:
        await self._meet_strangers(session, workspace, batch)
        by_channel: dict[str, list[NewMessage]] = {}
        for posted in batch:
            by_channel.setdefault(posted.channel, []).append(self._new(posted))
        for channel, theirs in by_channel.items():
            now = datetime.now(UTC)
            self.outcome.add(await messages.store(session, self._channels[channel], theirs, self._provenance, now))

    async def _meet_strangers(self, session: AsyncSession, workspace: Workspace, batch: Sequence[Posted]) -> None:
        """Authors and mentioned people whom the archive's own list of members leaves out."""
        named = {posted.author for posted in batch if posted.author}
        named |= {found for posted in batch for found in _MENTION.findall(posted.text)}
        strangers = [(platform_id, "") for platform_id in named - self._member_ids.keys()]
        if strangers:
            rows = await members.ensure(session, workspace, strangers, datetime.now(UTC))
            self._member_ids |= {platform_id: row.id for platform_id, row in rows.items()}

    def _new(self, posted: Posted) -> NewMessage:
        text = _MENTION.sub(lambda found: f"<@member:{self._member_ids[found[1]]}>", posted.text)
        return NewMessage(
            platform_id=posted.id,
            member_id=self._member_ids[posted.author] if posted.author else None,
            at=posted.at,
            text=text,
            thread=posted.thread,
            reply_to=posted.reply_to,
            conversation=posted.conversation,
            edited_at=posted.edited_at,
        )

    def _count_left_out(self, items: Iterable[LeftOut]) -> None:
        for item in items:
            self.outcome.left_out[item.reason] += item.count


def _after(parts: Sequence[Part], done: str | None) -> int:
    return next((place for place, part in enumerate(parts, start=1) if part.key == done), 0)


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
