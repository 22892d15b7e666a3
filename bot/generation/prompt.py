"""Turns to prompt tokens that fit the context window.

Owns what is left out when a conversation is too long. Knows no model, and of the tokenizer only functions.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.generation.engine import Turn


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a prompt needs of a tokenizer: text ↔ ids without additions, and turns by one template."""

    encode: Callable[[str], list[int]]
    decode: Callable[[Sequence[int]], str]
    render: Callable[[Sequence[Turn]], list[int]]


def fit_chat(turns: Sequence[Turn], room: int, tokens: Tokens) -> list[int]:
    """At most `room` ids: the system prompt and the newest turns; the oldest go first.

    A newest turn too long by itself loses its beginning, and a system prompt that fills the room does too.
    """
    system = [turn for turn in turns if turn["role"] == "system"]
    talk = [turn for turn in turns if turn["role"] != "system"]
    # Many templates insist that a conversation begins with the user, so what is kept begins there.
    starts = [at for at, turn in enumerate(talk) if at == 0 or turn["role"] == "user"] or [0]
    first = bisect_left(starts, True, key=lambda at: len(tokens.render([*system, *talk[at:]])) <= room)
    if first < len(starts):
        return tokens.render([*system, *talk[starts[first] :]])
    return _cut_beginning(system, talk[starts[-1] :], room, tokens)


def fit_text(turns: Sequence[Turn], room: int, tokens: Tokens, begin: int | None) -> list[int]:
    """At most `room` ids: the text's tail, after the beginning-of-sequence id `begin` where it had one."""
    ids = tokens.render(turns)
    if len(ids) <= room:
        return ids
    return [ids[0], *ids[1 - room :]] if ids[0] == begin and room > 1 else ids[-room:]


def _cut_beginning(system: list[Turn], newest: list[Turn], room: int, tokens: Tokens) -> list[int]:
    if not newest:
        return tokens.render(system)[-room:]
    turn = newest[0]
    content = tokens.encode(turn["content"])
    rendered = tokens.render([*system, *newest])
    while content and len(rendered) > room:
        # Cut text may encode to more tokens than were left of it, hence again; each time it gets shorter.
        content = content[len(rendered) - room :]
        shorter = Turn(role=turn["role"], content=tokens.decode(content))
        rendered = tokens.render([*system, shorter, *newest[1:]])
    return rendered[-room:]
