"""The short words of rows about text, as sentences and labels on a page.

Owns how what is said becomes HTML. How each is said stands in bot.chat.text_words.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape

from bot.chat.text_words import left_out, open_for, provenance, purpose, review, role, terms
from db.redact import KINDS
from db.words import say

__all__ = ["left_out", "marked", "moment", "open_for", "provenance", "purpose", "review", "role", "terms", "together"]

_CUT = re.compile(r"\[(?:" + "|".join(map(re.escape, sorted(KINDS))) + r")\]")


def moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def together(parts: Iterable[str]) -> str:
    return say(", ").join(parts)


def marked(text: str) -> str:
    """`text` as HTML in which what was cut out is seen."""
    return _CUT.sub(lambda found: f'<mark class="cut">{found[0]}</mark>', escape(text))
