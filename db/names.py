"""Names as people type them: in any width and case, composed or in parts, they mean the same.

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
    """The things of this name: those that are written exactly so, else in another width, else in another case."""
    wanted = plain(name)
    alike = [thing for thing in things if plain(name_of(thing)).casefold() == wanted.casefold()]
    same = [thing for thing in alike if plain(name_of(thing)) == wanted]
    return [thing for thing in same if name_of(thing) == name] or same or alike
