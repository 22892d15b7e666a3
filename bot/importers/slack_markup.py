"""Slack's text notation turned into plain words.

Owns the meaning of `<…>` and of the three escapes. Knows no file and no message.
"""

import re
from collections.abc import Mapping

_MARKUP = re.compile(r"<([^<>]*)>")
_ESCAPE = re.compile(r"&(amp|lt|gt);")
_MEMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCHEME = re.compile(r"(?:mailto:|tel:)")
_LETTER = {"amp": "&", "lt": "<", "gt": ">"}


def plain(text: str, channels: Mapping[str, str]) -> str:
    """Return Slack's `text` as people read it; `channels` gives names by channel id.

    Members become `<@member:ID>`, channels `#name`, groups and broadcasts `@here`. A link becomes its
    address; where its author gave it another label, `label (address)`, because the label is what they said.
    Escapes are undone exactly once, after the notation, so that a typed `<` is never taken for notation.
    """
    parts: list[str] = []
    end = 0
    for found in _MARKUP.finditer(text):
        parts += _unescaped(text[end : found.start()]), _spoken(found[1], channels)
        end = found.end()
    return "".join([*parts, _unescaped(text[end:])])


def _spoken(notation: str, channels: Mapping[str, str]) -> str:
    target, _, label = notation.partition("|")
    mark, name = target[:1], target[1:]
    if mark == "@" and _MEMBER.fullmatch(name):
        return f"<@member:{name}>"
    if mark == "#":
        return "#" + (_unescaped(label) or channels.get(name, "channel"))
    if mark == "!":
        return _broadcast(name, _unescaped(label))
    return _link(_unescaped(target), _unescaped(label)) if target else _unescaped(f"<{notation}>")


def _broadcast(name: str, label: str) -> str:
    """`<!here>`, `<!subteam^S1|@group>`, `<!date^…|when>`."""
    kind, *_ = name.split("^")
    if kind == "date":
        return label or "date"
    word = label or ("group" if kind == "subteam" else kind)
    return "@" + word.removeprefix("@")


def _link(target: str, label: str) -> str:
    address = _SCHEME.sub("", target, count=1)
    repeats = not label or label.rstrip("/") in (address, address.split("://", 1)[-1].rstrip("/"))
    return address if repeats else f"{label} ({address})"


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _LETTER[found[1]], text)
