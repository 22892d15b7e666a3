"""A community's talk as an archive, read from a text file beside this one.

Owns the file's format: the members' line, a heading for each day in a channel, a line for each message; those of a
thread are indented. Knows no persona.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.resources import files

from bot.chat.collecting.ingest import Part
from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen

_DAY = re.compile(r"## (?P<date>\d{4}-\d\d-\d\d) (?P<channel>\w+)")
_MESSAGE = re.compile(r"(?P<thread>    )?(?P<time>\d\d:\d\d) (?P<author>\w+): (?P<text>.+)")


@dataclass(frozen=True, slots=True)
class Day:
    """A day in one channel, as the archive's part."""

    key: str
    messages: tuple[Posted, ...]


@dataclass(frozen=True)
class Community:
    """The talk in `file`, ready to be imported."""

    file: str
    workspace: WorkspaceSeen
    left_out: Sequence[LeftOut] = ()

    @cached_property
    def _text(self) -> str:
        return files("bot.demo").joinpath(self.file).read_text("utf-8")

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self._text.encode()).hexdigest()

    @property
    def members(self) -> list[MemberSeen]:
        first = self._text.partition("\n")[0].removeprefix("# members:")
        return [MemberSeen(name.strip(), name.strip()) for name in first.split(",")]

    @property
    def channels(self) -> list[ChannelSeen]:
        names = dict.fromkeys(day["channel"] for day in _DAY.finditer(self._text))
        return [ChannelSeen(name, name) for name in names]

    @cached_property
    def _days(self) -> dict[str, Day]:
        starts = list(_DAY.finditer(self._text))
        ends = [start.start() for start in starts[1:]] + [len(self._text)]
        days = (
            Day(f"{day['date']}/{day['channel']}", tuple(self._messages(day, self._text[day.end() : end])))
            for day, end in zip(starts, ends, strict=True)
        )
        return {day.key: day for day in days}

    def parts(self) -> list[Day]:
        return list(self._days.values())

    def read(self, part: Part) -> Iterator[Posted | LeftOut]:
        yield from self._days[part.key].messages

    def _messages(self, day: re.Match[str], lines: str) -> Iterator[Posted]:
        # No word's end is asked for behind a name: in Japanese the next word follows without a space.
        names = "|".join(member.name for member in self.members)
        thread = ""
        for number, line in enumerate(_MESSAGE.finditer(lines)):
            written = f"{day['date']} {line['time']}:{number % 60:02d}"
            at = datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            key = f"{day['date']}-{number:03d}"
            thread = thread if line["thread"] else key
            yield Posted(
                channel=day["channel"],
                id=key,
                author=line["author"],
                at=at,
                text=re.sub(rf"@({names})", r"<@member:\1>", line["text"]),
                thread=thread if line["thread"] else None,
                reply_to=thread if line["thread"] else None,
            )
