"""Wide characters on a terminal: where a line of Japanese may break, and text cut to a number of columns.

Owns nothing on the screen: rich draws, and measures in columns by itself. But it breaks lines at spaces alone, which
Japanese has not, so that a sentence would be cut off or leave half a line empty.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from rich import _wrap
from rich.cells import cell_len

from bot.chat.replying.characters import NO_BEGINNING, NO_END, clusters

_by_spaces = _wrap.words


def teach_rich() -> None:
    """From now on rich breaks lines of Japanese where Japanese breaks; other lines as ever."""
    _wrap.words = words


def words(text: str) -> Iterable[tuple[int, int, str]]:
    """(start, end, text) of each part of `text` that stays together on a line, with the spaces behind it."""
    return _parts(text) if any(map(_is_wide, text)) else _by_spaces(text)


def _parts(text: str) -> Iterator[tuple[int, int, str]]:
    start, part = 0, ""
    for cluster in clusters(text):
        if part.strip() and _may_break(part, cluster):
            yield start, start + len(part), part
            start, part = start + len(part), ""
        part += cluster
    if part.strip():
        yield start, start + len(part), part


def _may_break(before: str, after: str) -> bool:
    if after.isspace() or after[0] in NO_BEGINNING or before[-1] in NO_END:
        return False
    return before[-1].isspace() or _is_wide(after[0]) or _is_wide(before[-1])


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" or "\uff66" <= character <= "\uff9f"  # half-width kana


def beginning(text: str, columns: int) -> str:
    """`text` on one line, cut to at most so many columns (and then ended by " …"), never within a character."""
    line = " ".join(text.split())
    if cell_len(line) <= columns:
        return line
    kept, room = "", columns - cell_len(" …")
    for cluster in clusters(line):
        if cell_len(kept + cluster) > room:
            break
        kept += cluster
    return f"{kept.rstrip()} …"
