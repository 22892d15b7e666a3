"""A network with channels that have a past: people write there, and the bot reads, is told, and writes notices.

Owns what stands there. Knows no network's own rules; `fails` and `hook` bring what may go wrong.
"""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.chat.cards import Card
from bot.chat.events import ChannelSeen, Erased, MemberSeen, Posted, Thread, WorkspaceSeen, Written
from bot.chat.platform import Page
from bot.chat.replying.posting import Gone
from db.backfills import EVERYTHING
from tests.fakes.platform import RecordingPlatform

HARBOUR = WorkspaceSeen("slack", "T1", "Harbour")


@dataclass
class Post:
    """`card` is what the bot wrote under `nonce`, and `changed` how often it stood there anew."""

    ref: str
    nonce: str
    card: Card
    changed: int = 0


class Square(RecordingPlatform):
    """`told` events are kept in `events` and handed to `hears`, when somebody listens.

    `page` messages stand on a page; `letters` are what members were sent in private, `here` is whether it is connected.
    The next calls raise what stands in `fails`, one each; `hook` is awaited in each call with its name, before it is
    answered.
    """

    def __init__(self, page: int = 5, start: datetime | None = None) -> None:
        super().__init__()
        self.size, self.at = page, start or datetime.now(UTC) - timedelta(days=30)
        self.messages: dict[str, dict[str, Written]] = {}
        self.posts: dict[str, list[Post]] = {}
        self.fails: list[Exception] = []
        self.hears: Callable[[object], Awaitable[object]] | None = None
        self.hook: Callable[[str], Awaitable[None]] | None = None
        self.pages_read: list[str | None] = []
        self.letters: dict[str, list[Card]] = {}
        self.here = True
        self._numbers = itertools.count(1)

    def says(
        self,
        text: str,
        channel: str = "C1",
        author: str | MemberSeen = "Ann",
        after: timedelta = timedelta(minutes=1),
        thread: str | None = None,
        foreign: bool = False,
    ) -> Written:
        """Someone writes, and nobody hears of it."""
        self.at += after
        who = MemberSeen(author, author) if isinstance(author, str) else author
        ts = f"{self.at.timestamp():.6f}"
        posted = Posted(channel, ts, who.id, self.at, text, thread, thread)
        written = Written(HARBOUR, ChannelSeen(channel, "general"), who, posted, foreign)
        self.messages.setdefault(channel, {})[ts] = written
        return written

    def edits(self, written: Written, text: str) -> Written:
        self.at += timedelta(seconds=1)
        posted = replace(written.posted, text=text, edited_at=self.at)
        changed = replace(written, posted=posted)
        self.messages[posted.channel][posted.id] = changed
        return changed

    def deletes(self, written: Written) -> Erased:
        del self.messages[written.posted.channel][written.posted.id]
        return Erased(HARBOUR, written.posted.channel, [written.posted.id])

    async def history(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        self.pages_read.append(before)
        everything = self.messages.get(channel.id, {})
        top = sorted(one.posted.id for one in everything.values() if one.posted.thread is None)
        older = [one for one in top if before is None or one < before]
        on_it = older[-self.size :]
        ids = {one for one in everything if one in on_it or everything[one].posted.thread in on_it}
        written = sorted((everything[one] for one in ids), key=lambda one: one.posted.at)
        more = len(older) > len(on_it)
        back_to = everything[on_it[0]].posted.at if more else EVERYTHING
        await self._called("history")
        return Page(written, on_it[0] if more else None, ids, back_to)

    async def write(self, workspace: str, channel: str, card: Card, nonce: str = "") -> str:
        ref = f"post-{next(self._numbers)}"
        await self._called("before write")
        self.posts.setdefault(channel, []).append(Post(ref, nonce, card))
        await self._called("write")
        return ref

    async def written(self, workspace: str, channel: str, nonce: str) -> str | None:
        await self._called("written")
        return next((one.ref for one in self.posts.get(channel, []) if one.nonce == nonce), None)

    async def rewrite(self, workspace: str, channel: str, ref: str, card: Card) -> None:
        await self._called("rewrite")
        found = next((one for one in self.posts.get(channel, []) if one.ref == ref), None)
        if found is None:
            raise Gone(ref)
        found.card, found.changed = card, found.changed + 1

    async def remove(self, to: Thread, ref: str) -> None:
        await self._called("remove")
        self.posts[to.channel] = [one for one in self.posts.get(to.channel, []) if one.ref != ref]

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        await self._called("write_to")
        self.letters.setdefault(member, []).append(card)

    def connected(self) -> bool:
        return self.here

    async def thread(self, to: object) -> list[Posted]:
        return []

    async def _called(self, name: str) -> None:
        if self.hook is not None:
            await self.hook(name)
        if self.fails and name != "before write":
            raise self.fails.pop(0)


def text_of(card: Card) -> str:
    """A card's words, and its buttons in brackets."""
    lines: list[str] = []
    for part in card.parts:
        lines += [getattr(part, "text", "")] if hasattr(part, "text") else []
        lines += [f"[{one.label}: {one.press} {one.value}]" for one in getattr(part, "actions", ())]
    return "\n".join(lines)
