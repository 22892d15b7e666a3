"""Names as people type them: full-width or half-width, composed or in parts, they mean the same.

Owns the comparison. Rows keep names as they were given.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def plain(name: str) -> str:
    """A name as it is compared: ｅｃｈｏ is echo, ﾍﾟﾙｿﾅ is ペルソナ, か and ゛ are が."""
    return unicodedata.normalize("NFKC", name).strip()


def called(name: str, things: Sequence[T], name_of: Callable[[T], str]) -> list[T]:
    """The things of this name; those that are written exactly so, where there are any."""
    alike = [thing for thing in things if plain(name_of(thing)) == plain(name)]
    return [thing for thing in alike if name_of(thing) == name] or alike
