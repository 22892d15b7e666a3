"""Words the bot must not say: found however they are written, and masked while a reply is still being spoken.

Owns how a word is recognised and how it is masked. Knows no reply and no config.

Text is compared in a plain form: character by character after NFKC and case folding, white space as one space,
invisible characters gone. Where the plain form of the words so far could still become a blocked word, they wait.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from bot.chat.replying.characters import UNSPACED, clusters

MASK = "•"

_SPACED = rf"[^\W{UNSPACED}]"  # a letter of a script that puts spaces between words
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # they choose a glyph, not a character
_NEVER = re.compile(r"(?!)")


class Blocklist:
    """Words and phrases, compiled once. Whole words in scripts with spaces, anywhere in Japanese and its like."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        plain = ("".join(map(plain_form, clusters(entry))) for entry in entries)
        words = {" ".join(entry.split()) for entry in plain} - {""}
        self.prefixes = frozenset(word[:end] for word in words for end in range(1, len(word) + 1))
        self.longest = max(map(len, words), default=0)
        each = "|".join(map(_pattern, sorted(words, key=len, reverse=True)))
        # Each match is looked for ahead of its place, so that overlapping ones are found too.
        self.pattern = re.compile(f"(?=({each}))") if words else _NEVER

    def mask(self, text: str) -> str:
        """`text` with every character of every blocked word masked; its spaces stay."""
        masking = Masking(self)
        return masking.feed(text) + masking.rest()


def _pattern(word: str) -> str:
    left = rf"(?<!{_SPACED})" if re.match(_SPACED, word) else ""
    right = rf"(?!{_SPACED})" if re.match(_SPACED, word[-1]) else ""
    return f"{left}{re.escape(word)}{right}"


def plain_form(cluster: str) -> str:
    """A cluster as it is compared; "" for what cannot be seen, one space for white space."""
    seen = "".join(one for one in _SELECTORS.sub("", cluster) if unicodedata.category(one) != "Cf")
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return " " if plain.isspace() else plain


@dataclass(slots=True)
class _Unit:
    text: str  # one cluster, as it was spoken
    plain: str
    masked: bool = False

    def shown(self) -> str:
        if not self.masked or self.plain == " " or self.text.isspace():
            return self.text
        return MASK if self.plain else ""


class Masking:
    """One text in pieces. What `feed` and `rest` give, joined, is what `Blocklist.mask` makes of the whole."""

    def __init__(self, blocked: Blocklist) -> None:
        self._blocked = blocked
        self._growing = ""  # the last cluster, which the next piece may continue
        self._units: list[_Unit] = []
        self._last = ""  # of the plain form that is known
        self._before = ""  # of the plain form that is given away

    def feed(self, piece: str) -> str:
        """What may be said now."""
        if not self._blocked.longest:
            return piece
        *whole, self._growing = clusters(self._growing + piece) or [""]
        self._take(whole)
        return self._say(self._held())

    def rest(self) -> str:
        """What was held back; nothing follows."""
        self._take(clusters(self._growing))
        self._growing = ""
        return self._say(sum(len(unit.plain) for unit in self._units))

    def _take(self, found: Iterable[str]) -> None:
        for cluster in found:
            plain = plain_form(cluster)
            plain = "" if plain == self._last == " " else plain
            self._units.append(_Unit(cluster, plain))
            self._last = plain[-1:] or self._last

    def _held(self) -> int:
        """Where in the plain form begins what may still become a blocked word."""
        plain = "".join(unit.plain for unit in self._units)
        tails = range(max(0, len(plain) - self._blocked.longest), len(plain))
        return next((at for at in tails if plain[at:] in self._blocked.prefixes), len(plain))

    def _say(self, decided: int) -> str:
        """Mask the words that begin before `decided`, and give away all that stands before it."""
        owners = [place for place, unit in enumerate(self._units) for _ in unit.plain]
        plain = self._before + "".join(unit.plain for unit in self._units)
        offset = len(self._before)
        for found in self._blocked.pattern.finditer(plain):
            start, end = found.start() - offset, found.end(1) - offset
            if 0 <= start < decided:
                for unit in self._units[owners[start] : owners[end - 1] + 1]:
                    unit.masked = True
        return self._give(owners[decided] if decided < len(owners) else len(self._units))

    def _give(self, count: int) -> str:
        """The text of the first `count` units, which go."""
        given, self._units = self._units[:count], self._units[count:]
        self._before = (self._before + "".join(unit.plain for unit in given))[-1:]
        return "".join(unit.shown() for unit in given)
