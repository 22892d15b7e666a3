"""What every importer shares: how a file is refused, and what text a row can hold.

Owns `ImportRefused`, the part a file is read by, `storable` and the two questions asked of parsed JSON.
Knows no format and no database.
"""

import re
from typing import Protocol, cast

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class ImportRefused(Exception):
    """The file cannot be imported; the message names it and says in one sentence what to do."""


class Part(Protocol):
    """What is read, and after an interruption resumed, as a whole; `key` is its stable name in the file."""

    @property
    def key(self) -> str: ...


def storable(text: str) -> str:
    """Return `text` as every database takes it: no NUL, half surrogate pairs as U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def as_object(value: object) -> dict[str, object] | None:
    """Return `value` where JSON gave an object, otherwise None."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """Return `value` where JSON gave an array, otherwise None."""
    return cast("list[object]", value) if isinstance(value, list) else None
