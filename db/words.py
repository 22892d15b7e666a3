"""The language in which people are told things.

Owns the catalogues (gettext, `db/locale`) and whose language it is now. The sentences stand in English where they are
said, each within `say(...)` or `say_count(...)`, where pybabel finds them.
"""

import gettext
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "ja": "日本語"}  # each called as those who speak it call it

_CATALOGUES = Path(__file__).parent / "locale"
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
_by_default = "en"


def say(sentence: str, **values: Any) -> str:
    """`sentence` in the language spoken now, its `{names}` filled with `values`."""
    told = _catalogue(language()).gettext(sentence)
    return told.format(**values) if values else told


def say_count(one: str, many: str, count: int, **values: Any) -> str:
    """`one` or `many` as `count` asks for, in the language spoken now; `{count}` is among the values."""
    return _catalogue(language()).ngettext(one, many, count).format(count=count, **values)


def language() -> str:
    """The language spoken now: a key of `LANGUAGES`."""
    return _spoken.get() or _by_default


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


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("yamabiko", _CATALOGUES, [language], fallback=True)
