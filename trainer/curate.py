"""What is worth learning among what may be learned. Pure.

Owns cleaning (commands, bare links, bare emoji, too short, exact duplicates), the cap of a member, the split.
Knows no consent (db.datasets asks for that), no rows and no files.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.datasets import Text

HELD_OUT_ONE_IN = 15

_COMMAND = re.compile(r"[/!][A-Za-z][\w-]*(\s|$)")
_LINK = re.compile(r"<?https?://[^\s>]+>?")
_SHORTCODE = re.compile(r":[\w+'-]+:")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Rules:
    min_characters: int = 3  # a wide character (kanji, kana) counts as two
    member_cap: int = 2000  # at most so many targets of one member, the newest


@dataclass(frozen=True, slots=True)
class Curated:
    context: list[Text]  # everything that may stand in an example, in the given order
    targets: frozenset[int]  # revision ids worth learning to say
    left_out: Counter[str]  # how many are no targets, by reason


def curate(texts: Sequence[Text], rules: Rules) -> Curated:
    """Choose targets among `texts` (by channel, oldest first).

    What is too short or said before may still be context; commands, bare links and bare emoji are neither.
    """
    left_out: Counter[str] = Counter()
    context: list[Text] = []
    candidates: list[Text] = []
    seen: set[str] = set()
    for text in texts:
        noise = _noise(text.text)
        if noise:
            left_out[noise] += 1
            continue
        context.append(text)
        reason = "" if text.may_be_target else "context only"
        reason = reason or _unworthy(text.text, seen, rules)
        if reason:
            left_out[reason] += 1
        else:
            candidates.append(text)
    kept = _capped(candidates, rules.member_cap)
    left_out["over the cap of one member"] += len(candidates) - len(kept)
    return Curated(context, frozenset(text.revision_id for text in kept), +left_out)


def _noise(text: str) -> str:
    stripped = text.strip()
    if _COMMAND.match(stripped):
        return "command"
    without_links = _LINK.sub("", stripped).strip()
    if not without_links:
        return "bare link" if stripped else "empty"
    without_emoji = _SHORTCODE.sub("", without_links)
    return "" if any(_is_word(character) for character in without_emoji) else "bare emoji"


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def _unworthy(text: str, seen: set[str], rules: Rules) -> str:
    if width(text.strip()) < rules.min_characters:
        return "too short"
    key = _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()
    if key in seen:
        return "duplicate"
    seen.add(key)
    return ""


def width(text: str) -> int:
    """Columns on a terminal: a wide character says about as much as two narrow ones."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _capped(texts: Iterable[Text], cap: int) -> list[Text]:
    by_member: dict[int | None, list[Text]] = {}
    for text in texts:
        by_member.setdefault(text.member_id, []).append(text)
    kept: list[Text] = []
    for member, theirs in by_member.items():
        newest = sorted(theirs, key=lambda text: (text.at, text.revision_id))
        kept += newest if member is None else newest[-cap:]  # a file of the owner's has no author to cap
    return kept


def is_held_out(conversation: str) -> bool:
    """Whether a conversation is kept from training for ever: a stable hash falls in one of fifteen."""
    return _hash(conversation) % HELD_OUT_ONE_IN == 0


def held_out(conversations: Iterable[str]) -> frozenset[str]:
    """The conversations held out; among too few for one to fall so, the one whose hash is lowest."""
    every = set(conversations)
    chosen = {conversation for conversation in every if is_held_out(conversation)}
    if not chosen and len(every) > 1:
        chosen = {min(every, key=_hash)}
    return frozenset(chosen)


def _hash(conversation: str) -> int:
    return int.from_bytes(hashlib.sha256(conversation.encode()).digest()[:8], "big")
