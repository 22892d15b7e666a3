"""A Slack workspace export (the zip an owner downloads from Slack) as neutral values.

Owns the export's layout and Slack's message shapes. Knows no database: storing, resuming and consent are the
caller's. Direct messages and group direct messages are never opened, private channels only on request.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.importers.archive import DEFAULT_LIMITS, Archive, ArchiveLimits
from bot.importers.slack_messages import SLACKBOT, posted, unspoken
from bot.importers.source import Closing, ImportRefused, Part, as_list, as_object, storable
from db.coded import shown
from db.words import say

_DAY = re.compile(r"([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Day:
    """One channel's messages of one day: what is read, and resumed, as a whole.

    `size` is bytes after inflating; `progress` is the share of the export, 0 to 1, that is behind once this
    day is read.
    """

    key: str
    channel: str
    size: int
    progress: float


@dataclass(frozen=True, slots=True)
class _Author:
    name: str
    is_bot: bool
    is_stranger: bool
    team: str | None


class SlackExport(Closing):
    """An opened export: who and where at once, messages day by day.

    On construction the whole zip is checked (paths, sizes, duplicates, limits) and the lists of members and
    channels are read, so nothing need be stored before a bad file is refused. What may still fail midway is
    the inside of a day file: a wrong CRC, or JSON of another shape. `read` then raises ImportRefused naming
    that file before it yields any of it; the caller says how much was stored.

    `left_out` counts the day files that are not opened: "private" ones, and those of "unlisted" folders.
    `total` is the bytes of all days. `name` is what people call the file, where that is not its own name. Raises
    ImportRefused.
    """

    def __init__(
        self, path: Path, limits: ArchiveLimits = DEFAULT_LIMITS, *, private_channels: bool = False, name: str = ""
    ) -> None:
        self._archive = Archive(path, limits, name=name)
        try:
            self._open(private_channels)
        except BaseException:
            self._archive.close()
            raise

    def parts(self) -> list[Day]:
        """Return the days in a fixed order: channel by channel, by name, each in time order."""
        return list(self._days)

    def read(self, part: Part) -> Iterator[Posted | LeftOut]:
        """Yield one day in time order. Raises ImportRefused when the day file is damaged."""
        rows = self._list_of(part.key, "messages")
        channel = self._channel_of[part.key]
        seen: set[str] = set()
        counts: Counter[str] = Counter()
        taken: list[Posted] = []
        for row in rows:
            said = self._posted(channel, as_object(row))
            if isinstance(said, str):
                counts[said] += 1
            elif said.id in seen:
                counts["duplicate"] += 1
            else:
                seen.add(said.id)
                taken.append(said)
        yield from sorted(taken, key=lambda said: said.at)
        yield from (LeftOut(reason, count) for reason, count in counts.items())

    def messages(self) -> Iterator[Posted | LeftOut]:
        """Yield everything, one day file in memory at a time."""
        yield from self.left_out
        for day in self._days:
            yield from self.read(day)

    def close(self) -> None:
        self._archive.close()

    def _open(self, private_channels: bool) -> None:
        self._root = _root(self._archive.names)
        self._authors = self._read_members()
        self.members = [MemberSeen(id, author.name, author.is_bot) for id, author in self._authors.items()]
        self.channels = self._read_channels("channels.json", required=True)
        if private_channels:
            self.channels += self._read_channels("groups.json")
        self._names = {channel.id: channel.name for channel in self.channels}
        self._team = _team(self._authors)
        name = storable(Path(self._archive.name).stem.split(" Slack export ")[0])
        self.workspace = WorkspaceSeen("slack", self._team or _stable_id(self._names), name)
        # With the private channels it is another source: what one import passed over the other has yet to read.
        self.fingerprint = self._archive.fingerprint + ("+private" if private_channels else "")
        self._days, self.left_out = self._find_days()
        self._channel_of = {day.key: day.channel for day in self._days}
        self.total = sum(day.size for day in self._days)

    def _find_days(self) -> tuple[list[Day], list[LeftOut]]:
        public = _folders(self.channels)
        private = _folders([c for file in ("groups.json", "dms.json", "mpims.json") for c in self._read_channels(file)])
        found: list[tuple[str, str, int]] = []
        skipped: Counter[str] = Counter()
        for name in self._archive.names:
            key = name.removeprefix(self._root)
            folder = unicodedata.normalize("NFC", match[1]) if (match := _DAY.fullmatch(key)) else None
            if folder in public:
                found.append((key, public[folder], self._archive.size(name)))
            elif folder is not None:
                skipped["private" if folder in private else "unlisted"] += 1
        return _with_progress(sorted(found)), [LeftOut(*item) for item in sorted(skipped.items())]

    def _read_members(self) -> dict[str, _Author]:
        file = "users.json" if self._root + "users.json" in self._archive.names else "org_users.json"
        if self._root + file not in self._archive.names:
            raise self._lacks("users.json")
        authors: dict[str, _Author] = {}
        for row in self._list_of(file, "members"):
            member, id = self._with_id(file, row)
            authors.setdefault(id, _author(id, member))
        return authors

    def _read_channels(self, file: str, *, required: bool = False) -> list[ChannelSeen]:
        if self._root + file not in self._archive.names:
            if required:
                raise self._lacks(file)
            return []
        seen: dict[str, ChannelSeen] = {}
        for row in self._list_of(file, "channels"):
            channel, id = self._with_id(file, row)
            seen.setdefault(id, ChannelSeen(id, _text(channel.get("name")) or id))
        return list(seen.values())

    def _posted(self, channel: str, row: dict[str, object] | None) -> Posted | str:
        """Return the message, or the one-word reason why it is left out."""
        if row is None:
            return "malformed"
        user = row.get("user")
        if reason := self._unspoken(row, user):
            return reason
        return posted(channel, row, self._names)

    def _unspoken(self, row: Mapping[str, object], user: object) -> str | None:
        """Return why nobody of this workspace said `row`; None where somebody did."""
        if reason := unspoken(row):
            return reason
        author = self._authors.get(str(user))
        if author is None or author.is_stranger or author.team not in (None, self._team):
            return "external"  # through Slack Connect, from another company: not the owner's text
        return "bot" if author.is_bot else None

    def _list_of(self, file: str, what: str) -> list[object]:
        rows = as_list(self._archive.read_json(self._root + file))
        if rows is None:
            raise ImportRefused(
                say(
                    "{file} in {archive} is not a list of {what}: download the export again.",
                    file=file,
                    archive=self._archive.name,
                    what=shown("export", what),
                )
            )
        return rows

    def _with_id(self, file: str, row: object) -> tuple[dict[str, object], str]:
        item = as_object(row) or {}
        id = item.get("id")
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise ImportRefused(
                say(
                    "{file} in {archive} has an entry without a proper id: download the export again.",
                    file=file,
                    archive=self._archive.name,
                )
            )
        return item, id

    def _lacks(self, file: str) -> ImportRefused:
        return ImportRefused(
            say(
                "{archive} has no {file}: in Slack choose Workspace settings, Import/Export data, Export, and take the "
                "zip as it comes.",
                archive=self._archive.name,
                file=file,
            )
        )


def _root(names: tuple[str, ...]) -> str:
    """Return the one folder the export was zipped into again, as "folder/"; "" for Slack's own layout."""
    tops = {name.removesuffix("channels.json") for name in names if name.count("/") == 1} - set(names)
    return "" if "channels.json" in names or len(tops) != 1 else tops.pop()


def _author(id: str, row: Mapping[str, object]) -> _Author:
    profile = as_object(row.get("profile")) or {}
    names = [profile.get("display_name"), profile.get("real_name"), row.get("real_name"), row.get("name"), id]
    is_bot = row.get("is_bot") is True or id == SLACKBOT
    team = row.get("team_id")
    return _Author(
        name=next(name for value in names if (name := _text(value))),
        is_bot=is_bot,
        is_stranger=row.get("is_stranger") is True,
        team=team if isinstance(team, str) and _ID.fullmatch(team) else None,
    )


def _team(authors: Mapping[str, _Author]) -> str | None:
    """Return the team most members belong to; guests through Slack Connect carry their own."""
    teams = Counter(author.team for author in authors.values() if author.team)
    return teams.most_common(1)[0][0] if teams else None


def _stable_id(channels: Mapping[str, str]) -> str:
    return "export-" + hashlib.sha256("\n".join(sorted(channels)).encode()).hexdigest()[:16]


def _folders(channels: list[ChannelSeen]) -> dict[str, str]:
    """Return channel ids by folder: Slack names it after the channel, or after the id of a direct message."""
    folders = {channel.id: channel.id for channel in channels}
    return folders | {unicodedata.normalize("NFC", channel.name): channel.id for channel in channels}


def _with_progress(found: list[tuple[str, str, int]]) -> list[Day]:
    total = sum(size for _, _, size in found) or 1
    days: list[Day] = []
    behind = 0
    for key, channel, size in found:
        behind += size
        days.append(Day(key, channel, size, behind / total))
    return days


def _text(value: object) -> str:
    return storable(value).strip() if isinstance(value, str) else ""
