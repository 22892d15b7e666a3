"""Rows become turns, the same way for a reply and for training. Pure.

Owns how a conversation looks to a model: who is `assistant`, how others' words are merged and labelled, how
mentions of members are written. Knows no database and no chat template.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypedDict

NOTHING_SAID = "…"  # the user turn before words that answer nobody

_MENTION = re.compile(r"<@member:(\d+)>")


class Turn(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one author said; `author` is a member's row id, None for the bot and text without an author."""

    author: int | None
    text: str


def utterances(lines: Sequence[Line]) -> list[Line]:
    """Consecutive lines of one author as one, joined by newlines."""
    return [
        Line(author, "\n".join(line.text for line in group))
        for author, group in groupby(lines, key=lambda line: line.author)
    ]


def turns(lines: Sequence[Line], speaker: int | None, names: Mapping[int, str], system: str) -> list[Turn]:
    """`lines` as strictly alternating turns in which `speaker` is the assistant.

    Speaker labels stand in user turns as soon as two or more others take part. A transcript that the speaker
    opens gets a user turn of its own first. `names` gives members' names by row id; others are "someone".
    """
    labelled = len({line.author for line in lines if line.author != speaker}) > 1
    result: list[Turn] = [{"role": "system", "content": system}] if system else []
    for is_speaker, group in groupby(utterances(lines), key=lambda line: line.author == speaker):
        if is_speaker and (not result or result[-1]["role"] != "user"):
            result.append({"role": "user", "content": NOTHING_SAID})
        contents = [_content(line, names, label=labelled and not is_speaker) for line in group]
        result.append({"role": "assistant" if is_speaker else "user", "content": "\n".join(contents)})
    return result


def _content(line: Line, names: Mapping[int, str], *, label: bool) -> str:
    text = with_names(line.text, names).strip()
    if not label:
        return text
    name = names.get(line.author, "someone") if line.author is not None else "someone"
    return f"{name}: {text}"


def with_names(text: str, names: Mapping[int, str]) -> str:
    """Member references as @name."""
    return _MENTION.sub(lambda found: "@" + names.get(int(found[1]), "someone"), text)


def mentioned(text: str) -> set[int]:
    """The row ids of the members that `text` mentions."""
    return {int(found) for found in _MENTION.findall(text)}
