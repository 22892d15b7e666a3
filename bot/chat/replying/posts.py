"""A long reply becomes several posts, none longer than a network takes.

Owns where a text may be cut, and what happens to a code block that is. Knows no network: the limit and what
counts towards it are the caller's.

A streamed reply grows at its end and is split anew each time. A cut looks at what fits into its post and at one
character more, so that all posts but the last two stay what they were.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.chat.replying.characters import NO_BEGINNING, NO_END, UNSPACED, boundary

Measure = Callable[[str], int]

SMALLEST_LIMIT = 16  # a character of any measure fits, and so does a code fence with some code


def split(text: str, limit: int, measure: Measure = len) -> list[str]:
    """`text` as posts of at most `limit` by `measure`, none of them blank; a blank text is no post.

    `measure` counts at least one for each character, and a longer text never less. White space at a cut goes. A code
    block stays whole where it fits; where it is cut, it is closed and opened again in its language. Raises ValueError
    for a limit below SMALLEST_LIMIT.
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a post holds at least {SMALLEST_LIMIT}, not {limit}")
    return list(_Cutter(text, limit, measure).posts())


@dataclass(frozen=True, slots=True)
class _Fence:
    """Places of a code block: its opening run, its code, its closing run and its end (open: the end of the text)."""

    start: int
    inside: int
    close: int
    end: int
    opening: str  # what opens it again in another post
    closing: str

    def holds(self, place: int) -> bool:
        """A cut at `place` goes through the block."""
        return self.start < place < self.end or (place == self.end == self.close)


# Slack and Discord end a block at the next run of backticks wherever it stands; a run within a line opens none here.
_OPENING = re.compile(r"^[ \t]*+(?P<ticks>`{3,}+)(?P<line>(?P<language>[\w+#.-]*+)[^`\n]*+\n)?", re.MULTILINE)


def _fences(text: str, limit: int, measure: Measure) -> Iterator[_Fence]:
    at = 0
    while found := _OPENING.search(text, at):
        at = found.end("ticks")
        ticks, language = found["ticks"], found["language"] or ""
        if measure(f"{ticks}{language}\n\n{ticks}") * 2 > limit:
            language = ""
        if measure(f"{ticks}\n\n{ticks}") * 2 > limit:
            continue  # nothing would fit between
        inside = at if not found["line"] or measure(found[0]) * 4 > limit else found.end()
        closing = re.compile(f"`{{{len(ticks)},}}").search(text, at)
        close, at = closing.span() if closing else (len(text), len(text))
        yield _Fence(found.start("ticks"), min(inside, close), close, at, f"{ticks}{language}\n", f"\n{ticks}")


_SPACE = re.compile(r"\s*+")
_BLANK_LINES = re.compile(r"(?:[^\S\n]*+\n)*+")


class _Cutter:
    def __init__(self, text: str, limit: int, measure: Measure) -> None:
        self._text, self._limit, self._measure = text, limit, measure
        self._fences = list(_fences(text, limit, measure))

    def posts(self) -> Iterator[str]:
        at, opening = self._from(0)
        while at < len(self._text):
            cut = self._cut(at, opening)
            if body := self._text[at:cut].rstrip():
                yield self._closed(opening + body, cut)
            at, opening = self._from(cut)

    def _closed(self, post: str, cut: int) -> str:
        fence = self._around(cut)
        closed = post + fence.closing if fence else post
        # A block still open at the end of the text may find no room: the next character could close it anyway.
        return closed if self._measure(closed) <= self._limit else post

    def _from(self, cut: int) -> tuple[int, str]:
        """Where the post after a cut begins, and the fence that it opens again."""
        fence = self._around(cut) if cut < len(self._text) else None
        if fence is None:
            return _end_of(_SPACE.match(self._text, cut)), ""
        at = _end_of(_BLANK_LINES.match(self._text, cut, fence.close))
        if self._text[at : fence.close].strip():
            return at, fence.opening
        return self._from(fence.end)  # the post before has closed it already

    def _around(self, place: int) -> _Fence | None:
        last = bisect_left(self._fences, place, key=lambda fence: fence.start) - 1
        return self._fences[last] if last >= 0 and self._fences[last].holds(place) else None

    def _cut(self, at: int, opening: str) -> int:
        """Where a post that begins at `at` ends."""
        rest = self._text[at:]
        if len(rest) <= self._limit and self._measure(opening + rest) <= self._limit:
            return len(self._text)
        reach = self._reach(at, opening, "")
        fence = self._around(reach)
        if fence is None:
            return self._in_prose(at, reach)
        if fence.start > at:
            return fence.start
        reach = self._reach(at, opening, fence.closing)
        return fence.close if reach >= fence.close else self._in_code(max(at, fence.inside), reach)

    def _reach(self, at: int, opening: str, closing: str) -> int:
        """The furthest end that fits."""
        ends = range(at + 1, min(at + self._limit, len(self._text)) + 1)
        fit = bisect_right(ends, self._limit, key=lambda end: self._measure(opening + self._text[at:end] + closing))
        return ends[max(fit - 1, 0)]

    def _in_prose(self, low: int, high: int) -> int:
        """The best place in `(low, high]`; a better kind of place counts unless it leaves the post rather empty."""
        half, quarter = low + (high - low) // 2, low + (high - low) // 4
        edges = [place for fence in self._fences for place in (fence.start, fence.end)]
        for places, least in (
            ([*_paragraphs(self._text, low, high), *edges], half),
            (_sentences(self._text, low, high), quarter),
            (_words(self._text, low, high), quarter),
        ):
            free = [place for place in places if max(least, low + 1) <= place <= high and not self._around(place)]
            if free:
                return max(free)
        return _anywhere(self._text, low, high)

    def _in_code(self, low: int, high: int) -> int:
        """The last line's end in `(low, high]`, else a space, else anywhere."""
        least = low + 1 + (high - low) // 4
        newline = self._text.rfind("\n", least, high + 1)
        if newline >= 0:
            return newline
        space = self._text.rfind(" ", least, high)
        return space + 1 if space >= 0 else boundary(self._text, low, high)


def _end_of(found: re.Match[str] | None) -> int:
    assert found is not None, "white space may be none, and matches everywhere"
    return found.end()


# --- Places to cut. Each looks at text[low : high + 1] and gives places in (low, high + 1].

_CLOSERS = "」』）】〉》〕］｝”’\"')\\]»｣〟"
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
_SENTENCE = re.compile(
    rf"\n|[。！？｡][。！？｡!?]*+[{_CLOSERS}]*+(?![とっ])"  # 「…。」と言った goes on
    rf"|[…‥]++[」』）｣]++(?=[{UNSPACED}「『（｢])(?![とっ])"  # without brackets, a sentence may go on after ……
    rf"|[.!?…]++[{_CLOSERS}*_]*+(?=\s)"
    rf"|[!?]++[{_CLOSERS}]*+(?=[{UNSPACED}])"
)
_WORD = re.compile(rf"\s|[、，；：](?![{_CLOSERS}])")
_BEFORE_STOP = re.compile(r"[\w.]+\Z")
_LETTERS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")  # e.g, p.m, U.S, and initials
_SHORTENED = re.compile(
    "al|approx|capt|cf|col|corp|dept|dr|ed|eds|eq|etc|fig|gen|gov|inc|jr|lt|ltd|mr|mrs|ms|mt|mx|nos|pp|prof|rev|sgt|sr"
    "|st|tel|viz|vol|vs|jan|feb|apr|jun|jul|aug|sept|oct|nov|dec|mon|tue|wed|thu|fri",
    re.IGNORECASE,
)
_STEPS_BACK = 4


def _paragraphs(text: str, low: int, high: int) -> Iterator[int]:
    return (found.start() for found in _PARAGRAPH.finditer(text, low, high + 1))


def _sentences(text: str, low: int, high: int) -> Iterator[int]:
    for found in _SENTENCE.finditer(text, low, high + 1):
        if found[0] == "\n":
            yield found.start()
        elif not _goes_on(text[low : found.start()], found[0], text[found.end() : high + 1]):
            yield found.end()


def _goes_on(before: str, stop: str, after: str) -> bool:
    """Whether a stop ends no sentence: "e.g.", "Dr.", an initial, a list's number, or small letters follow."""
    if after.lstrip()[:1].islower():
        return True
    if stop != ".":
        return False
    found = _BEFORE_STOP.search(before)
    word = found[0] if found else ""
    begins_line = not before[: len(before) - len(word)].rpartition("\n")[2].strip()
    return bool(_LETTERS.fullmatch(word) or _SHORTENED.fullmatch(word) or (word.isdecimal() and begins_line))


def _words(text: str, low: int, high: int) -> Iterator[int]:
    for found in _WORD.finditer(text, low, high + 1):
        yield found.start() if found[0].isspace() else found.end()


def _anywhere(text: str, low: int, high: int) -> int:
    """The last whole character, but no line begins with 。 or ends with 「."""
    place = first = boundary(text, low, high)
    for _ in range(_STEPS_BACK):
        if place - 1 <= low:
            break
        if text[place] not in NO_BEGINNING and text[place - 1] not in NO_END:
            return place
        place = boundary(text, low, place - 1)
    return first
