"""Aozora Bunko's notation, recognised and removed, so that only what the author wrote remains.

Owns ruby, notes, characters outside the character set, the header, the legend and the colophon. Knows no file
and no encoding. The notation: https://www.aozora.gr.jp/annotation/
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_RULE = re.compile(r"-{20,}")
_LEGEND = "【テキスト中に現れる記号について】"
_COLOPHON = re.compile(r"底本\s?[：:]")
_NOTE = "［＃"
_DAMAGED_NOTE = re.compile("(?<=［)＃+")  # what ruby taken out of damaged notation can leave
_NOTE_EDGE = re.compile(r"[［］]")
_RUBY = re.compile(r"《[^《》]*》")
_UNICODE = re.compile(r"U\+([0-9A-Fa-f]{4,6})")
_JIS_X_0213 = re.compile(r"(?<![0-9])([12])-([0-9]{1,2})-([0-9]{1,2})(?![0-9])")
_MISSING = "〓"
# A note may spell 《, 》 or ｜ itself; such a character waits here while ruby is removed.
_ASIDE = str.maketrans("《》｜", "\ufdd0\ufdd1\ufdd2")
_BACK = str.maketrans("\ufdd0\ufdd1\ufdd2", "《》｜")
_HEADER_LINES = 6  # title, subtitle, original title, author, translator, and one to spare


@dataclass(frozen=True, slots=True)
class Story:
    """`lines` still hold ruby and notes: pass each through `plain`."""

    title: str | None
    author: str | None
    lines: Sequence[str]


def is_aozora(lines: Sequence[str]) -> bool:
    """Say whether `lines` have Aozora Bunko's legend near the top, or its notes and its colophon."""
    if any(line.startswith(_LEGEND) for line in lines[:60]):
        return True
    noted = any(_NOTE in line or _RUBY.search(line) for line in lines)
    return noted and any(_COLOPHON.match(line) for line in lines)


def story(lines: Sequence[str]) -> Story:
    """Cut header, legend and colophon away. `lines` are those of a whole file that `is_aozora`."""
    header_end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    header = [plain(line).strip() for line in lines[:header_end]]
    start = _after_legend(lines)
    if not start and header_end > _HEADER_LINES:
        header = []
    end = next((i for i, line in enumerate(lines) if i >= start and _COLOPHON.match(line)), len(lines))
    start = max(start, len(header))
    title = header[0] if header else None
    return Story(title, _author(header[1:]), lines[start:end])


def plain(line: str) -> str:
    """Return one line without ruby and notes; a character that a note gives stands there, or 〓."""
    parts: list[str] = []
    end = 0
    while (start := line.find(_NOTE, end)) >= 0:
        close = _note_end(line, start)
        before = line[end:start]
        if before.endswith("※"):
            before = before[:-1] + _character(line[start:close]).translate(_ASIDE)
        parts.append(before)
        end = close
    text = _RUBY.sub("", "".join([*parts, line[end:]])).replace("｜", "")
    return _DAMAGED_NOTE.sub("", text).translate(_BACK)


def _after_legend(lines: Sequence[str]) -> int:
    """Return the index of the first line after the legend's closing rule; 0 where there is no legend."""
    rules = [i for i, line in enumerate(lines[:200]) if _RULE.fullmatch(line.strip())]
    for opening, closing in pairwise(rules):
        if any(line.startswith(_LEGEND) for line in lines[opening:closing]):
            return closing + 1
    return 0


def _author(below_title: Sequence[str]) -> str | None:
    """The last line of the header is the author's, unless it is the translator's or editor's."""
    names = [line for line in below_title if not line.endswith(("訳", "編", "校訂"))]
    return names[-1] if names else None


def _note_end(line: str, start: int) -> int:
    """Return the index after the note that opens at `start`; notes nest. Unclosed, it is its sign alone."""
    depth = 0
    for edge in _NOTE_EDGE.finditer(line, start):
        depth += 1 if edge[0] == "［" else -1
        if not depth:
            return edge.end()
    return start + len(_NOTE)


def _character(note: str) -> str:
    """Return the character that a note on one outside the character set names by its code."""
    if found := _UNICODE.search(note):
        code = int(found[1], 16)
        return chr(code) if code <= 0x10FFFF and chr(code).isprintable() else _MISSING
    if found := _JIS_X_0213.search(note):
        plane, row, cell = (int(number) for number in found.groups())
        try:
            return (b"\x8f" * (plane - 1) + bytes([0xA0 + row, 0xA0 + cell])).decode("euc_jis_2004")
        except ValueError:
            return _MISSING
    return _MISSING
