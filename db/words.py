"""The language in which people are told things.

Owns the catalogues (gettext, `db/locale`) and whose language it is now. The sentences stand in English where they are
said, each within `say(...)` or one of its like, where `make texts` finds them.
"""

import gettext
import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "ja": "日本語"}  # each called as those who speak it call it
CATALOGUES = Path(__file__).parent / "locale"
DOMAIN = "yamabiko"

_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_by_default = "en"


def say(sentence: str, **values: Any) -> str:
    """`sentence` in the language spoken now, its `{names}` filled with `values`."""
    told = _catalogue(language()).gettext(sentence)
    return told.format(**values) if values else told


def say_count(one: str, many: str, count: int, **values: Any) -> str:
    """`one` or `many` as `count` asks for, in the language spoken now; `{count}` is among the values."""
    return _catalogue(language()).ngettext(one, many, count).format(count=count, **values)


def say_as(kind: str, word: str) -> str:
    """A short word whose translation depends on what `kind` of thing it stands for; in English it stays."""
    return _catalogue(language()).pgettext(kind, word)


def mark(sentence: str) -> str:
    """`sentence` as it stands; whoever says it gives it to `say`."""
    return sentence


class Later:
    """A sentence that is said when someone reads it: whoever catches an engine's error may speak another language."""

    def __init__(self, sentence: str, values: Mapping[str, Any]) -> None:
        self._sentence, self._values = sentence, values

    def __str__(self) -> str:
        return say(self._sentence, **self._values)

    __repr__ = __str__


def later(sentence: str, **values: Any) -> Later:
    """What `say` says, once it is read."""
    return Later(sentence, values)


def listed(things: Iterable[object]) -> str:
    """Things one after another, as the language writes them."""
    return say(", ").join(map(str, things))


def language() -> str:
    """The language spoken now: a key of `LANGUAGES`."""
    return _spoken.get() or _by_default


def by_default() -> str:
    """What is spoken where nobody's language is known."""
    return _by_default


@contextmanager
def speaking(wanted: str | None) -> Generator[None]:
    """Within this block and what it starts, people are told things in `wanted`; None changes nothing."""
    if wanted is None:
        yield
        return
    before = _spoken.set(best(wanted))
    try:
        yield
    finally:
        _spoken.reset(before)


def set_default(wanted: str) -> None:
    """What is spoken where nobody's language is known, in this whole process."""
    global _by_default
    _by_default = best(wanted) or "en"


def best(wanted: str) -> str | None:
    """Of `LANGUAGES` the one that a locale such as "ja_JP.UTF-8" or "en-GB" asks for; None when there is none."""
    first = wanted.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return first if first in LANGUAGES else None


def of_environment(variables: Mapping[str, str] = os.environ) -> str | None:
    """The language that whoever started this process wants, by gettext's own variables; None when they name none.

    LANGUAGE may list several; of the others the first that is set decides.
    """
    for wanted in variables.get("LANGUAGE", "").split(":"):
        if known := best(wanted):
            return known
    set_ones = (variables.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return best(next(filter(None, set_ones), ""))


def handed_on() -> dict[str, str]:
    """The environment of a child process that shall speak the language spoken now."""
    return {**os.environ, "LANGUAGE": language()}


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True)
