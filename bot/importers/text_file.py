"""A plain text file (a novel, an essay, one's own notes) as neutral values, one paragraph a message.

Owns the guess of the encoding and the cut into paragraphs and conversations. Knows no database; Aozora
Bunko's notation is `bot.importers.aozora`'s.

A message's id is a hash of its paragraph and how many equal ones the file has had so far. Its place is no
part of it: importing the same file again, moved or copied, adds nothing, and importing an edited one adds the
paragraphs that changed and no others, even when one was inserted at the top. The place is in `at`.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.importers.aozora import is_aozora, plain, story
from bot.importers.source import ImportRefused, Part, storable
from db.words import say

_LARGEST = 64 << 20  # bytes; the Bible has 5 MB
_CONVERSATION = 1000  # characters, as docs/decisions.md says
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOMS = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))
_JAPANESE = ("euc_jp", "cp932", "euc_jis_2004")  # the last for EUC-JP with ① and its like
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SAMPLE = 100_000  # characters
_PLAUSIBLE = 0.2  # EUC-JP read as cp932 scores about 0.1, Latin-1 about 0, Japanese prose 0.8


@dataclass(frozen=True, slots=True)
class Text:
    """The whole of a text file."""

    key: str


class TextFile:
    """An opened text file. `encoding` is the codec it was read with, `aozora` whether it had that notation.

    `name` is what people call it, where that is not the file's name.
    `title` and `author_name` are the Aozora header's; None otherwise. `fingerprint` is the hex sha256 of
    the bytes. Raises ImportRefused when the file is missing, too large, binary, or in no encoding that makes
    sense.
    """

    def __init__(self, path: Path, channel: str | None = None, *, name: str = "") -> None:
        called = name or path.name
        data, modified = _bytes(path, called)
        into = storable(channel or Path(called).stem)
        self.workspace = WorkspaceSeen("file", "files", "Files")
        self.members: list[MemberSeen] = []
        self.channel = ChannelSeen(into, into)
        self.channels = [self.channel]
        self.left_out: list[LeftOut] = []
        self.fingerprint = hashlib.sha256(data).hexdigest()
        self.encoding, text = _decoded(data, called)
        lines = text.splitlines()
        self.aozora = is_aozora(lines)
        self.title = self.author_name = None
        if self.aozora:
            tale = story(lines)
            self.title, self.author_name, lines = tale.title, tale.author, tale.lines
        self._lines: Sequence[str] = lines
        self._modified = modified

    def parts(self) -> list[Text]:
        """Return the one part there is: an id depends on all the paragraphs before it."""
        return [Text(self.channel.id)]

    def read(self, part: Part) -> Iterator[Posted | LeftOut]:
        return self.messages()

    def messages(self) -> Iterator[Posted | LeftOut]:
        """Yield the paragraphs (a line is one) in order; `at` is the file's time plus a microsecond for each.

        A line that is a note alone is left out as "notation"; blank lines are no paragraphs. `conversation`
        is the id of the first paragraph of each run of about a thousand characters.
        """
        seen: Counter[str] = Counter()
        conversation, length = "", 0
        bare = 0
        for index, line in enumerate(filter(_has_text, self._lines)):
            text = _paragraph(plain(line) if self.aozora else line)
            if not text:
                bare += 1
                continue
            id = _paragraph_id(text, seen)
            if not conversation or length >= _CONVERSATION:
                conversation, length = id, 0
            length += len(text)
            at = self._modified + timedelta(microseconds=index)
            yield Posted(self.channel.id, id, None, at, text, conversation=conversation)
        if bare:
            yield LeftOut("notation", bare)


def _bytes(path: Path, name: str) -> tuple[bytes, datetime]:
    """Return the contents and the time of the last change, to the microsecond."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        nanoseconds = path.stat().st_mtime_ns
    except OSError as error:
        raise ImportRefused(
            say("{file} cannot be opened ({reason}): check the path.", file=name, reason=error.strerror)
        ) from error
    if len(data) > _LARGEST:
        raise ImportRefused(
            say("{file} is larger than {size} MB: cut it into smaller files.", file=name, size=_LARGEST >> 20)
        )
    return data, _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _has_text(line: str) -> bool:
    return bool(line.strip())


def _paragraph(line: str) -> str:
    """Strip Japanese indents, which cost tokens and say nothing; other indents may mean something."""
    return storable(line.rstrip().lstrip("\u3000").removeprefix("\ufeff"))


def _paragraph_id(text: str, seen: Counter[str]) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    seen[digest] += 1
    return f"{digest}-{seen[digest]}"


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    """Return the encoding and the text, or refuse what is not text."""
    for encoding, text in _readings(data.removesuffix(b"\x1a")):  # DOS marks the end of a text with that
        if len(_CONTROLS.findall(text)) * 1000 <= len(text) and "\x00" not in text:
            return encoding, text
    raise ImportRefused(say("{name} is not text in UTF-8, Shift_JIS, EUC-JP or UTF-16: save it as UTF-8.", name=name))


def _readings(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield what the bytes can mean, the surest first."""
    for encoding, mark in _BOMS:
        if data.startswith(mark) and (text := _strict(data, encoding)) is not None:
            yield encoding, text
    if (text := _strict(data, "utf-8")) is not None:
        yield "utf-8", text
    guesses = [(encoding, text) for encoding in _JAPANESE if (text := _strict(data, encoding)) is not None]
    scored = sorted(guesses, key=lambda guess: _likelihood(guess[1]), reverse=True)
    yield from (guess for guess in scored if _likelihood(guess[1]) >= _PLAUSIBLE)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except ValueError:
        return None


def _likelihood(text: str) -> float:
    """Return how much the characters beyond ASCII look like Japanese prose: about 0 for chance, at most 1.

    Both cp932 and EUC-JP may decode the same bytes. The wrong one gives half-width katakana and rare kanji.
    """
    counts = Counter(char for char in text[:_SAMPLE] if char > "\x7f")
    return sum(_weight(char) * count for char, count in counts.items()) / max(counts.total(), 1)


def _weight(char: str) -> float:
    if "\u3041" <= char <= "\u30fc" or char in "、。「」『』・…―　！？":
        return 1.0
    if "\u4e00" <= char <= "\u9fff":
        return 0.5 if _is_common(char) else 0.0
    return -1.0 if unicodedata.category(char) in ("Cc", "Co") else 0.0


def _is_common(kanji: str) -> bool:
    """Say whether a kanji is of JIS level 1: rows 16 to 47."""
    return 0xB0 <= kanji.encode("euc_jp", "replace")[0] <= 0xCF
