"""The data package that Discord gives each of its users on request, as neutral values.

Owns its layout, which is found by shape: folders are named in the language of the account, and older packages hold
CSV. Knows no database.

It holds what one person wrote and nothing that was said to them, so each message is a conversation of its own. What
they wrote in private is left out unless they want it in.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.importers.archive import Archive, ArchiveLimits
from bot.importers.discord_markup import plain
from bot.importers.json_stream import entries
from bot.importers.source import Closing, ImportRefused, Part, Place, Run, as_object, moment, runs, storable
from db.words import say
from db.workspaces import PACKAGES

LIMITS = ArchiveLimits(member_bytes=2 << 30)  # a channel's messages are streamed
# One shelf for all packages: what a member gave must not be mistaken for what an API gave of the same message.
SHELF = WorkspaceSeen(*PACKAGES, "Discord data packages")

_FILE = re.compile(r"((?:.*/)?[^/]+/)c?([0-9]{1,20})/(channel\.json|messages\.json|messages\.csv)", re.IGNORECASE)
_LIST = re.compile(r"(?:.*/)?[^/]+/(?:index|user)\.json", re.IGNORECASE)
_LONGEST_LINE = 1 << 20  # characters
_LONGEST = 100_000
_KEEP = frozenset({"ID", "Timestamp", "Contents"})
_PRIVATE = {"1", "3", "12", "DM", "GROUP_DM", "EPHEMERAL_DM", "PRIVATE_THREAD", "GUILD_PRIVATE_THREAD"}
_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class _Channel:
    seen: ChannelSeen
    file: str


class DiscordPackage(Closing):
    """An opened package: whose it is and the channels at once, messages in runs.

    `left_out` counts the channels that are not opened: "private" ones, unless `private` is given, and "unlisted"
    ones, of which the package does not say what they were. Raises ImportRefused when the file is no such package, or
    not whole. What may still fail midway is the inside of a channel's messages; `parts` then gives what came before,
    and raises ImportRefused.
    """

    def __init__(self, path: Path, limits: ArchiveLimits = LIMITS, *, private: bool = False, name: str = "") -> None:
        def is_read(member: str) -> bool:
            return bool(_FILE.fullmatch(member) or _LIST.fullmatch(member))

        self._archive = Archive(path, limits, is_read, name)
        try:
            self._open(private)
        except BaseException:
            self._archive.close()
            raise

    def parts(self) -> Iterator[Run]:
        """Yield runs of messages, channel by channel."""
        total = max(sum(self._archive.size(channel.file) for channel in self._found), 1)
        behind = 0
        for channel in self._found:
            place = Place()
            with self._archive.open(channel.file) as stream:
                rows = self._rows(channel.file, stream, place)
                yield from runs(rows, place, total, behind=behind, prefix=f"{channel.seen.id}/")
            behind += self._archive.size(channel.file)

    def read(self, part: Part) -> Iterator[Posted | LeftOut]:
        """Yield a run in time order."""
        channel = part.key.partition("/")[0]
        counts: Counter[str] = Counter()
        taken: dict[str, Posted] = {}
        for row in part.rows if isinstance(part, Run) else ():
            found = self._posted(channel, as_object(row) or {})
            if isinstance(found, str):
                counts[found] += 1
            elif taken.setdefault(found.id, found) is not found:
                counts["duplicate"] += 1
        yield from sorted(taken.values(), key=lambda posted: posted.at)
        yield from (LeftOut(reason, count) for reason, count in counts.items())

    def close(self) -> None:
        self._archive.close()

    def _open(self, private: bool) -> None:
        root, folders = _folders(self._archive.names)
        if not folders:
            raise ImportRefused(
                say(
                    "{file} holds no messages as Discord's data packages do: take the zip as Discord sent it.",
                    file=self._archive.name,
                )
            )
        self.workspace = SHELF
        self.members = [self._owner(root)]
        self._labels = self._labels_in(root)
        self._found, self.left_out = self._choose(folders, private)
        self.channels = [channel.seen for channel in self._found]
        # With the private channels it is another source: what one import passed over the other has yet to read.
        self.fingerprint = self._archive.fingerprint + ("+private" if private else "")

    def _owner(self, root: str) -> MemberSeen:
        """Whose package it is: `root` is the folder that all others stand in."""
        for name in self._archive.names:
            if re.fullmatch(re.escape(root) + r"[^/]+/user\.json", name, re.IGNORECASE):
                user = as_object(self._archive.read_json(name)) or {}
                id = str(user.get("id"))
                if _ID.fullmatch(id):
                    return MemberSeen(id, _text(user.get("global_name")) or _text(user.get("username")) or id)
        raise ImportRefused(
            say(
                "{file} does not say whose it is (user.json): ask Discord for the account's data too.",
                file=self._archive.name,
            )
        )

    def _labels_in(self, root: str) -> Mapping[str, object]:
        """What the package calls each channel, by id."""
        for name in self._archive.names:
            if re.fullmatch(re.escape(root) + r"[^/]+/index\.json", name, re.IGNORECASE):
                return as_object(self._archive.read_json(name)) or {}
        return {}

    def _choose(self, folders: Mapping[str, dict[str, str]], private: bool) -> tuple[list[_Channel], list[LeftOut]]:
        found: list[_Channel] = []
        skipped: Counter[str] = Counter()
        for id, files in sorted(folders.items()):
            messages = files.get("messages.json") or files.get("messages.csv")
            if messages is None:
                continue
            facts = self._facts(files.get("channel.json"))
            secret = _secret(facts)
            if secret and not private:
                skipped[secret] += 1
            else:
                name = f"direct-{id}" if secret else self._name(id, facts)
                found.append(_Channel(ChannelSeen(id, name), messages))
        return found, [LeftOut(*item) for item in sorted(skipped.items())]

    def _facts(self, file: str | None) -> Mapping[str, object]:
        return (as_object(self._archive.read_json(file)) if file else None) or {}

    def _name(self, id: str, facts: Mapping[str, object]) -> str:
        """Several servers have a `general`."""
        guild, name = as_object(facts.get("guild")) or {}, _text(facts.get("name"))
        named = "/".join(part for part in (_text(guild.get("name")), name) if part)
        return named or _text(self._labels.get(id)) or id

    def _rows(self, member: str, stream: BinaryIO, place: Place) -> Iterator[object]:
        name = f"{member} in {self._archive.name}"
        if member.lower().endswith(".csv"):
            yield from _csv_rows(stream, name, place)
        else:
            yield from (value for key, value in entries(stream, name, _KEEP, place) if not key)

    def _posted(self, channel: str, row: Mapping[str, object]) -> Posted | str:
        """Return the message, or the one-word reason why it is left out."""
        id, at, text = str(row.get("ID")), moment(row.get("Timestamp")), row.get("Contents")
        if at is None or not _ID.fullmatch(id) or not isinstance(text, str | None) or len(text or "") > _LONGEST:
            return "malformed"
        words = storable(plain(text or "", lambda member: "@someone")).strip()  # who it was agreed to nothing
        return Posted(channel, id, self.members[0].id, at, words, conversation=id) if words else "empty"


def _folders(names: tuple[str, ...]) -> tuple[str, dict[str, dict[str, str]]]:
    """Return the folder that all stands in ("" or "name/"), and the files by channel id and lower-case name."""
    by_place: dict[str, dict[str, dict[str, str]]] = {}
    for name in names:
        if found := _FILE.fullmatch(name):
            by_place.setdefault(found[1], {}).setdefault(found[2], {})[found[3].lower()] = name
    if not by_place:
        return "", {}
    place = max(by_place, key=lambda place: len(by_place[place]))
    return place.removesuffix("/").rpartition("/")[0] + "/" if place.count("/") > 1 else "", by_place[place]


def _secret(facts: Mapping[str, object]) -> str:
    """Return why a channel is not opened unasked; "" for a server's own."""
    kind = facts.get("type")
    if kind is None:
        return "unlisted"
    return "private" if str(kind) in _PRIVATE or facts.get("recipients") else ""


def _csv_rows(stream: BinaryIO, name: str, place: Place) -> Iterator[object]:
    """Yield the rows of an older package. Raises ImportRefused."""
    try:
        rows = csv.DictReader(_lines(io.TextIOWrapper(stream, "utf-8-sig", newline=""), place))
        if "ID" not in (rows.fieldnames or ()):
            raise ImportRefused(say("{file} is not a list of messages: take it as Discord sent it.", file=name))
        yield from rows
    except (csv.Error, ValueError) as error:
        raise ImportRefused(say("{file} is damaged: take it as Discord sent it.", file=name)) from error


def _lines(text: io.TextIOWrapper, place: Place) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise ValueError
        place.bytes += len(line)  # near enough
        yield line


def _text(value: object) -> str:
    return storable(value).strip()[:100] if isinstance(value, str) else ""
