"""JSON of any length, read in little memory: what stands in its outermost arrays, one entry after another.

Owns the limits that keep a hostile file from swelling: how large one value may be, how much of an entry is kept,
how deep it goes. Knows no platform; which keys are worth keeping is the caller's.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import ijson  # pyright: ignore[reportMissingTypeStubs]

from bot.importers.source import ImportRefused, Place
from db.words import say

_CHUNK = 1 << 16  # bytes
_LARGEST_VALUE = 16 << 20  # bytes between two tokens: a string, or nothing but blanks
_MOST_VALUES = 20_000  # kept of one entry
_DEEPEST = 20
_MARK = b"\xef\xbb\xbf"  # some editors put it before UTF-8

Event = tuple[str, Any]


def entries(file: BinaryIO, name: str, keep: frozenset[str], place: Place | None = None) -> Iterator[tuple[str, Any]]:
    """Yield `(key, value)` for the outermost object, each element of an array by itself; of an array, key "".

    At every depth only the keys in `keep` are kept; the rest is passed over unbuilt. Raises ImportRefused that
    says `name`, after whatever came before the damage.
    """
    source = _Source(file, name, place or Place())
    # Without `use_float` a number of thousands of digits ends the whole process in ijson's C code.
    events = ijson.basic_parse(source, buf_size=_CHUNK, use_float=True)
    try:
        yield from _Reader(cast("Iterator[Event]", events), source, keep).entries()
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise ImportRefused(say("{file} is no JSON, cut short or damaged: make it again.", file=name)) from error


class _Source:
    """The bytes as ijson asks for them, without the mark that some editors put before UTF-8."""

    def __init__(self, file: BinaryIO, name: str, place: Place) -> None:
        self._file, self.name, self._place = file, name, place
        self.unbroken = 0  # bytes since the last token

    def read(self, size: int) -> bytes:
        if not size:  # ijson asks so whether bytes or characters will come
            return b""
        if self.unbroken > _LARGEST_VALUE:
            raise ImportRefused(
                say(
                    "{file} holds a single value of more than {size} MB, as no export does: make it again.",
                    file=self.name,
                    size=_LARGEST_VALUE >> 20,
                )
            )
        data = self._file.read(size)
        if not self._place.bytes:
            data = self._begun(data)
        self._place.bytes += len(data)
        self.unbroken += len(data)
        return data

    def _begun(self, data: bytes) -> bytes:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:4]:
            raise ImportRefused(say("{file} is not in UTF-8: take it as it was made.", file=self.name))
        return data.removeprefix(_MARK) or data


class _Reader:
    """Tokens on their way to values."""

    def __init__(self, events: Iterator[Event], source: _Source, keep: frozenset[str]) -> None:
        self._events, self._source, self._keep = events, source, keep
        self._left = _MOST_VALUES

    def entries(self) -> Iterator[tuple[str, Any]]:
        for event, _ in self._events:
            if event == "start_array":
                yield from self._elements("")
            elif event == "start_map":
                yield from self._members()
            else:
                raise ImportRefused(
                    say("{file} is JSON of another kind: take it as it was made.", file=self._source.name)
                )

    def _members(self) -> Iterator[tuple[str, Any]]:
        for event, key in self._events:
            if event == "end_map":
                return
            first = self._next()
            if key not in self._keep:
                self._pass_over(first)
            elif first[0] == "start_array":
                yield from self._elements(key)
            else:
                yield key, self._entry(first)

    def _elements(self, key: str) -> Iterator[tuple[str, Any]]:
        for event in self._events:
            if event[0] == "end_array":
                return
            yield key, self._entry(event)

    def _entry(self, first: Event) -> Any:
        self._left = _MOST_VALUES
        return self._value(first, 0)

    def _value(self, first: Event, depth: int) -> Any:
        event, value = first
        self._source.unbroken = 0
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ImportRefused(
                say(
                    "{file} holds an entry with more in it than any message has: make it again.", file=self._source.name
                )
            )
        if event == "start_map":
            return self._object(depth + 1)
        if event == "start_array":
            return self._array(depth + 1)
        return value

    def _object(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for event, key in self._events:
            if event == "end_map":
                break
            first = self._next()
            if key in self._keep:
                made[key] = self._value(first, depth)
            else:
                self._pass_over(first)
        return made

    def _array(self, depth: int) -> list[Any]:
        made: list[Any] = []
        for event in self._events:
            if event[0] == "end_array":
                break
            made.append(self._value(event, depth))
        return made

    def _pass_over(self, first: Event) -> None:
        self._source.unbroken = 0
        event, depth = first[0], 0
        while True:
            if event in ("start_map", "start_array"):
                depth += 1
            elif event in ("end_map", "end_array"):
                depth -= 1
            if depth == 0:
                return
            event = self._next()[0]
            self._source.unbroken = 0

    def _next(self) -> Event:
        """ijson itself raises where a file ends too early."""
        return next(self._events, ("null", None))
