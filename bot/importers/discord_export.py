"""A channel as DiscordChatExporter writes it in JSON, as neutral values, however large the file.

Owns that format: https://github.com/Tyrrrz/DiscordChatExporter, JsonMessageWriter. Knows no database. The exporter
reads through Discord's API: its text is API text. Direct messages and private threads are refused: the others in them
never spoke to the community.

A thread is a file of its own and joins its parent channel, so that it is opened with it. Its first message stands in
the parent's file: bring that in first.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.importers.discord_markup import plain, untyped
from bot.importers.discord_messages import is_gone, placed
from bot.importers.json_stream import entries
from bot.importers.source import ImportRefused, Part, Place, Run, as_list, as_object, moment, runs, storable
from db.words import say

_KEEP = frozenset(
    {
        "guild", "channel", "messages", "id", "name", "type", "categoryId", "category", "timestamp", "timestampEdited",
        "content", "author", "nickname", "isBot", "mentions", "reference", "messageId", "forwardedMessage",
    }
)  # fmt: skip
_HEAD = 1 << 16  # bytes: server, channel, time of the export and the first messages
_LONGEST = 100_000  # characters; Discord takes 4,000
_MENTIONS = 100  # more people Discord lets nobody mention at once
_ID = re.compile(r"[0-9]{1,20}")
# By the exporter's names, and by Discord's numbers where some versions leave them.
_SPOKEN = {"Default", "Reply", "0", "19"}  # every other type is the system, or a command of a bot's
_REPLY = {"Reply", "19"}
_THREADS = {"GuildNewsThread", "GuildPublicThread", "10", "11"}
_PRIVATE = {"DirectTextChat", "DirectGroupTextChat", "GuildPrivateThread", "1", "3", "12"}
_NO_GUILD = "0"  # stands where direct messages have no server
_Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Head:
    guild: _Row
    channel: _Row


class DiscordExport:
    """An opened export: where at once, who and what in runs of messages.

    Raises ImportRefused when the file is missing, is no such export, or is of a private conversation. What may
    still fail midway is the rest of the file; `parts` then gives what came before, and raises ImportRefused.
    """

    def __init__(self, path: Path, *, name: str = "") -> None:
        self._path, self._name = path, name or path.name
        head = self._head()
        self.workspace = WorkspaceSeen("discord", self._id(head.guild), _text(head.guild.get("name")))
        self._thread, self.channel = self._where(head.channel)
        if self.workspace.id == _NO_GUILD:
            raise self._private()
        self.channels = [self.channel]
        self.members: list[MemberSeen] = []
        self.left_out: list[LeftOut] = []
        # Not of the whole file: that of a download cut short and of the complete one should be the same.
        with path.open("rb") as file:
            self.fingerprint = hashlib.sha256(file.read(_HEAD)).hexdigest()

    def parts(self) -> Iterator[Run]:
        """Yield runs of messages in the file's order."""
        size, place = max(self._path.stat().st_size, 1), Place()
        with self._path.open("rb") as file:
            rows = (value for key, value in entries(file, self._name, _KEEP, place) if key == "messages")
            yield from runs(rows, place, size)

    def read(self, part: Part) -> Iterator[MemberSeen | Posted | LeftOut]:
        """Yield a run in time order, everyone in it before their first message."""
        rows = part.rows if isinstance(part, Run) else ()
        counts: Counter[str] = Counter()
        people: dict[str, str] = {}
        taken: dict[str, Posted] = {}
        for row in rows:
            found = self._posted(as_object(row), people)
            if isinstance(found, str):
                counts[found] += 1
            elif taken.setdefault(found.id, found) is not found:
                counts["duplicate"] += 1
        yield from (MemberSeen(id, name) for id, name in people.items())
        yield from sorted(taken.values(), key=lambda posted: posted.at)
        yield from (LeftOut(reason, count) for reason, count in counts.items())

    def _head(self) -> _Head:
        found: dict[str, Any] = {}
        try:
            with self._path.open("rb") as file:
                for key, value in entries(file, self._name, _KEEP):
                    if key == "messages":
                        break
                    found[key] = value
        except OSError as error:
            raise ImportRefused(
                say("{file} cannot be opened ({why}): check the path.", file=self._name, why=error.strerror)
            ) from error
        guild, channel = as_object(found.get("guild")), as_object(found.get("channel"))
        if guild is None or channel is None:
            raise self._no_export()
        return _Head(guild, channel)

    def _where(self, channel: _Row) -> tuple[str | None, ChannelSeen]:
        """Return the thread, if it is one, and the channel that its messages belong to."""
        kind, id = str(channel.get("type")), self._id(channel)
        if kind in _PRIVATE:
            raise self._private()
        parent = channel.get("categoryId")
        if kind in _THREADS and _is_id(parent):
            return id, ChannelSeen(str(parent), _text(channel.get("category")) or str(parent))
        return None, ChannelSeen(id, _text(channel.get("name")) or id)

    def _id(self, row: _Row) -> str:
        id = row.get("id")
        if not _is_id(id):
            raise self._no_export()
        return str(id)

    def _private(self) -> ImportRefused:
        return ImportRefused(
            say(
                "{file} is a private conversation, and not everyone in it spoke to the community: "
                "import the server's channels.",
                file=self._name,
            )
        )

    def _no_export(self) -> ImportRefused:
        return ImportRefused(
            say(
                "{file} is not a channel in DiscordChatExporter's JSON: export it with the format Json.",
                file=self._name,
            )
        )

    def _posted(self, row: _Row | None, people: dict[str, str]) -> Posted | str:
        """Return the message, or the one-word reason why it is left out; who is in it comes to `people`."""
        author = as_object(row.get("author")) if row else None
        if row is None or author is None:
            return "malformed"
        if reason := _unspoken(row, author):
            return reason
        id, at, content = row.get("id"), moment(row.get("timestamp")), row.get("content")
        if at is None or not _is_id(id) or not _is_id(author.get("id")):
            return "malformed"
        if not isinstance(content, str | None) or len(content or "") > _LONGEST:
            return "malformed"
        mentioned = _Mentioned(as_list(row.get("mentions")) or [])
        words = storable(plain(content or "", mentioned.spoken, mentioned.by_name)).strip()
        if not words:
            return "forwarded" if row.get("forwardedMessage") else "empty"
        people |= {str(author["id"]): _name(author)} | mentioned.people
        reference = as_object(row.get("reference")) or {}
        answered = reference.get("messageId") if str(row.get("type")) in _REPLY else None
        said = Posted(
            self.channel.id, str(id), str(author["id"]), at, words, edited_at=moment(row.get("timestampEdited"))
        )
        return placed(said, self._thread, str(answered) if _is_id(answered) else None)


class _Mentioned:
    """Whom a message mentions: the people by id, ids by name, and what stands for each."""

    def __init__(self, rows: list[object]) -> None:
        self.people: dict[str, str] = {}
        self._bots: dict[str, str] = {}
        self.by_name: dict[str, str] = {}
        for row in rows[:_MENTIONS]:
            user = as_object(row)
            if user is None or not _is_id(user.get("id")):
                continue
            id = str(user["id"])
            (self._bots if user.get("isBot") is True else self.people)[id] = _name(user)
            for name in (_text(user.get("nickname")), _text(user.get("name"))):
                if name:
                    self.by_name.setdefault(name, id)

    def spoken(self, id: str) -> str:
        """A bot is nobody whose name must be forgotten."""
        return f"@{untyped(self._bots[id])}" if id in self._bots else f"<@member:{id}>"


def _unspoken(row: _Row, author: _Row) -> str | None:
    """Return why nobody of this community said `row`; None where somebody did."""
    kind, id, name = row.get("type"), author.get("id"), author.get("name")
    if not isinstance(kind, str | int):
        return "malformed"
    if author.get("isBot") is True:
        return "bot"
    if str(kind) not in _SPOKEN:
        return "system"
    if is_gone(id, name):
        return "deleted"  # nobody is left to agree, or to take it back
    return None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _name(user: _Row) -> str:
    return _text(user.get("nickname")) or _text(user.get("name")) or str(user["id"])


def _text(value: object) -> str:
    return storable(value).strip()[:100] if isinstance(value, str) else ""
