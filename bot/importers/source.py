"""What every importer shares: how a file is refused, and what text a row can hold.

Owns `ImportRefused`, the parts a file is read by, `storable`, `moment` and the two questions asked of parsed JSON.
Knows no format and no database.
"""

import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self, cast

_RUN = 1000  # rows, or as many as stand in so many bytes
_RUN_BYTES = 4 << 20
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class ImportRefused(Exception):
    """The file cannot be imported; the message names it and says in one sentence what to do."""


class Closing(ABC):
    """What is closed at the end of a `with` block."""

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class Part(Protocol):
    """What is read, and after an interruption resumed, as a whole; `key` is its stable name in the file."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring rows of a file too long to be read in one go; `progress` as bot.chat.collecting.ingest asks."""

    key: str
    rows: tuple[object, ...]
    progress: float


@dataclass(slots=True)
class Place:
    """How many bytes of a file are read."""

    bytes: int = 0


def runs(rows: Iterable[object], place: Place, total: int, *, behind: int = 0, prefix: str = "") -> Iterator[Run]:
    """Cut `rows` into runs of bounded size; where the reading breaks off, what came before it is a run too.

    `place` moves as `rows` are read, through the bytes from `behind` on of `total`. A stump bears the key of the
    run before it, so that an import of the whole file goes on from there.
    """
    last, begun, some = prefix, place.bytes, list[object]()
    try:
        for number, row in enumerate(rows, start=1):
            some.append(row)
            if len(some) == _RUN or place.bytes - begun > _RUN_BYTES:
                last = f"{prefix}{number}-{zlib.crc32(repr(row).encode(errors='replace')):08x}"
                yield Run(last, tuple(some), (behind + place.bytes) / total)
                begun, some = place.bytes, []
    except ImportRefused:
        if some:
            yield Run(last, tuple(some), (behind + place.bytes) / total)
        raise
    if some:
        yield Run(f"{prefix}end", tuple(some), (behind + place.bytes) / total)


def storable(text: str) -> str:
    """Return `text` as every database takes it: no NUL, half surrogate pairs as U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def as_object(value: object) -> dict[str, object] | None:
    """Return `value` where JSON gave an object, otherwise None."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """Return `value` where JSON gave an array, otherwise None."""
    return cast("list[object]", value) if isinstance(value, list) else None


def moment(written: object) -> datetime | None:
    """Return an ISO 8601 time as UTC, which it is in where it names no zone; None for anything else.

    None too for what is a time in some zones only: whoever shows it to people could not.
    """
    if not isinstance(written, str) or len(written) > 40:
        return None
    try:
        found = datetime.fromisoformat(written)
        at = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return at if _FIRST <= at <= _LAST else None
    except (ValueError, OverflowError):
        return None
