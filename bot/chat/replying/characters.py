"""What a reader takes for one character, which scripts are written without spaces between words, and what may not
stand at the edge of a line.

Owns these questions for every room that cuts or compares text. Knows no rule of cutting or comparing.
"""

from collections.abc import Callable

import regex  # grapheme clusters (UAX #29), which `re` has not

# Inside a [character class]: kana (half-width ones last), Han, Hangul, bopomofo, Thai, Lao, Myanmar, Khmer.
UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff\u3100-\u312f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uff66-\uff9f"
)

# No line begins with the first, and none ends with the second.
NO_BEGINNING = frozenset(
    "、。，．・：；！？!?,.:;)」』）】〉》〕］｝”’ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々ゝゞヽヾ〜～…‥%％"
    "｡､｣･ｧｨｩｪｫｬｭｮｯｰﾞﾟ〟»"
)
NO_END = frozenset("「『（【〈《〔［｛“‘([｢〝«")

_find: Callable[[str], list[str]] = regex.compile(r"\X").findall


def clusters(text: str) -> list[str]:
    """`text` in grapheme clusters: an emoji sequence, a letter with its marks, a syllable of jamo are one each."""
    return _find(text)


def boundary(text: str, low: int, high: int) -> int:
    """The last place in `(low, high]` that is inside no cluster; `high` where one cluster fills it all.

    `low` is such a place itself. One character after `high` is looked at.
    """
    if high >= len(text):
        return high
    seen = clusters(text[low : high + 1])
    last = high + 1 - len(seen[-1])
    return last if last > low else high
