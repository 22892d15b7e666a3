"""Turns that fit a window of which only the server knows how it counts.

Owns the guess at how many tokens a text is, and what is left out first. Knows no tokenizer and no server.
"""

from collections.abc import Sequence

from bot.generation.engine import Turn

TURN = 4  # tokens that a template puts around a turn, about
LETTERS = 3  # ASCII letters a token: fewer than in most languages' prose, so that the guess is rather too high


def guess(turns: Sequence[Turn]) -> int:
    """About how many tokens the turns are; a character beyond ASCII counts as one."""
    return sum(TURN + _tokens(turn["content"]) for turn in turns)


def fit(turns: Sequence[Turn], room: int) -> list[Turn]:
    """Turns of about `room` tokens: the system prompt and the newest ones; the oldest go first.

    A newest turn too long by itself loses its beginning. One character of it stays, whatever the room.
    """
    system = [turn for turn in turns if turn["role"] == "system"]
    talk = [turn for turn in turns if turn["role"] != "system"]
    # Many templates insist that a conversation begins with the user, so what is kept begins there.
    starts = [at for at, turn in enumerate(talk) if at == 0 or turn["role"] == "user"] or [0]
    kept = next((talk[at:] for at in starts if guess([*system, *talk[at:]]) <= room), None)
    if kept is not None:
        return [*system, *kept]
    newest = talk[starts[-1] :]
    if not newest:
        return system
    left = room - guess([*system, *newest]) + _tokens(newest[0]["content"])
    return [*system, Turn(role=newest[0]["role"], content=_end(newest[0]["content"], left)), *newest[1:]]


def _tokens(text: str) -> int:
    wide = sum(not character.isascii() for character in text)
    return wide + -(-(len(text) - wide) // LETTERS)


def _end(text: str, tokens: int) -> str:
    """The longest end of at most so many tokens, at least one character."""
    spent = 0  # in letters
    for taken, character in enumerate(reversed(text)):
        spent += 1 if character.isascii() else LETTERS
        if spent > tokens * LETTERS:
            return text[-max(taken, 1) :]
    return text
