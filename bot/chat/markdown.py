"""Markdown where there is none of it, or no room for it: titles, labels, notifications.

Owns taking marks away and cutting at a word. Knows no network.
"""

import re

_MARKS = re.compile(
    r"^[ \t]*#{1,6}[ \t]+|^[ \t]*[-*+][ \t]+|\*\*|__|~~|`+|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)", re.MULTILINE
)
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((?:https?://|mailto:)[^\s()<>|]+\)")


def unmarked(text: str) -> str:
    """Markdown without its marks."""
    return _MARKS.sub("", _LINK.sub(r"\1", text))


def short(text: str, longest: int) -> str:
    """`text` itself, or its beginning with "…", ending between two words where that loses little."""
    if len(text) <= longest:
        return text
    begun = text[: longest - 1]
    word = begun.rfind(" ")
    return (begun[:word] if word > len(begun) * 2 // 3 else begun).rstrip() + "…"
