"""What an archive shows becomes rows, in short batches that can be taken up again.

Owns the order of an import, its cursor and its counts. Knows no file format: archives give neutral values.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Protocol, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.collecting.stored import named_in, new_message
from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.chat.verbs.authority import Actor, authorise
from bot.chat.verbs.text import GroundMissing
from db import audit, channels, cursors, members, messages, workspaces
from db.messages import NewMessage, Stored
from db.models import Channel, Workspace
from db.models.text import Provenance
from db.session import Sessions, transaction
from db.words import say

BATCH = 200  # messages a transaction: well under 200 ms on a slow disk

T = TypeVar("T")


class Part(Protocol):
    """A piece of an archive that is read in one go, such as a day file; `key` names it among the others.

    It fits in memory. One that has a `progress` (the share of the whole that is behind once it is read, 0 to 1)
    tells it better than counting parts does; where `parts` are found on the way, it must.
    """

    @property
    def key(self) -> str: ...


class Archive(Protocol):
    """A file of past messages, opened and checked.

    `members` and `channels` are those known beforehand. Where a file names its people only beside what they
    wrote, `read` gives each as a MemberSeen before their first message. `parts` come in the same order each time.
    """

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
    def parts(self) -> Iterable[Part]: ...
    def read(self, part: Part) -> Iterator[Posted | LeftOut] | Iterator[MemberSeen | Posted | LeftOut]: ...


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
        self._ground: str | None = None
        self._names: dict[str, str] = {}  # of people who have not written yet
        self._member_ids: dict[str, int] = {}
        self._writers: set[str] = set()
        self._asked: set[int] = set()
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
            raise GroundMissing(say("Say what this consent rests on, or leave --consent-ground out."))
        self._ground = consent_ground
        async with transaction(self._sessions) as session:
            workspace = await self._people(session)
            done = await cursors.position(session, self._source)
            subject = {"source": self._source, "workspace": workspace.name, "ground": consent_ground}
            audit.record(session, self._by, "import", subject, datetime.now(UTC))
        self._count_left_out(self._archive.left_out)
        async for share, part in _aside(await self._remaining(workspace, done)):
            await self._part(workspace, part)
            progress(share)
        return self.outcome

    async def _people(self, session: AsyncSession) -> Workspace:
        now = datetime.now(UTC)
        seen = self._archive.workspace
        workspace = await workspaces.ensure(session, seen.platform, seen.id, seen.name, now)
        humans = [(member.id, member.name) for member in self._archive.members if not member.is_bot]
        for batch in _batches(humans, BATCH):
            await self._meet(session, workspace, batch)
            await self._consent(session, {platform_id for platform_id, _ in batch})
        for channel in self._archive.channels:
            row = await channels.ensure(session, workspace, channel.id, channel.name, now)
            self._channels[channel.id] = row
        return workspace

    async def _remaining(self, workspace: Workspace, done: str | None) -> Iterator[tuple[float, Part]]:
        """The parts after the one called `done`; of a file that was read to its end, all of them anew."""
        parts = self._parts()
        if done is None:
            return parts
        async for _, part in _aside(parts):
            if self._ground is not None:  # this statement covers those too who wrote before the interruption
                async with transaction(self._sessions) as session:
                    await self._people_of(session, workspace, list(self._posted(part)))
            if part.key == done:
                break
        following = await asyncio.to_thread(next, parts, None)
        self.outcome.resumed = following is not None
        return chain([following], parts) if following else self._parts()

    def _parts(self) -> Iterator[tuple[float, Part]]:
        """Each part with the share of the whole that is behind once it is read."""
        parts = self._archive.parts()
        total = len(parts) if isinstance(parts, Sized) else 1
        for place, part in enumerate(self._read(parts), start=1):
            yield getattr(part, "progress", place / total), part

    def _read(self, items: Iterable[T]) -> Iterator[T]:
        """What the archive gives, until it proves damaged."""
        try:
            yield from items
        except Exception as error:
            kept = self.outcome.stored + self.outcome.unchanged
            raise ImportInterrupted(
                say(
                    "{error} {kept:,} messages before it are kept; with a whole file the import goes on from there.",
                    error=error,
                    kept=kept,
                )
            ) from error

    def _posted(self, part: Part, left_out: Counter[str] | None = None) -> Iterator[Posted]:
        """The messages of a part; who wrote them is remembered, what was left out counted into `left_out`."""
        for item in self._read(self._archive.read(part)):
            if isinstance(item, Posted):
                yield item
            elif isinstance(item, LeftOut):
                if left_out is not None:
                    left_out[item.reason] += item.count
            elif not item.is_bot and item.id not in self._member_ids:
                self._names[item.id] = item.name

    async def _part(self, workspace: Workspace, part: Part) -> None:
        posted = await asyncio.to_thread(lambda: list(self._posted(part, self.outcome.left_out)))
        for batch in _batches(posted, BATCH):
            async with transaction(self._sessions) as session:
                await self._store(session, workspace, batch)
        async with transaction(self._sessions) as session:
            await cursors.advance(session, self._source, part.key, datetime.now(UTC))

    async def _store(self, session: AsyncSession, workspace: Workspace, batch: Sequence[Posted]) -> None:
        await self._people_of(session, workspace, batch)
        by_channel: dict[str, list[NewMessage]] = {}
        for posted in batch:
            by_channel.setdefault(posted.channel, []).append(new_message(posted, self._member_ids))
        for channel, theirs in by_channel.items():
            now = datetime.now(UTC)
            self.outcome.add(await messages.store(session, self._channels[channel], theirs, self._provenance, now))

    async def _people_of(self, session: AsyncSession, workspace: Workspace, batch: Sequence[Posted]) -> None:
        """Authors and mentioned people whom the archive did not list beforehand."""
        authors = {posted.author for posted in batch if posted.author}
        named = authors | named_in(posted.text for posted in batch)
        strangers = sorted(named - self._member_ids.keys())
        if strangers:
            await self._meet(session, workspace, [(one, self._names.pop(one, "")) for one in strangers])
        await self._consent(session, authors)

    async def _meet(self, session: AsyncSession, workspace: Workspace, people: Sequence[tuple[str, str]]) -> None:
        rows = await members.ensure(session, workspace, people, datetime.now(UTC))
        self._member_ids |= {platform_id: row.id for platform_id, row in rows.items()}

    async def _consent(self, session: AsyncSession, writers: set[str]) -> None:
        """Count whose text this is, and record the owner's statement for those who never answered."""
        self._writers |= writers
        self.outcome.members = len(self._writers)
        new = {self._member_ids[writer] for writer in writers} - self._asked
        if self._ground is not None and new:
            unasked = await members.without_answer(session, sorted(new), "community")
            await members.answer(session, unasked, "community", True, self._ground, self._by, datetime.now(UTC))
            self.outcome.consents += len(unasked)
            self._asked |= new

    def _count_left_out(self, items: Iterable[LeftOut]) -> None:
        for item in items:
            self.outcome.left_out[item.reason] += item.count


async def _aside(items: Iterator[T]) -> AsyncGenerator[T]:
    """`items`, each found in a thread: in the seconds that a large file takes, a bot goes on talking."""
    nothing = object()
    while (item := await asyncio.to_thread(next, items, nothing)) is not nothing:
        yield cast("T", item)


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
