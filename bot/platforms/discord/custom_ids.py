"""What Discord keeps with a button, a menu and a dialog: all that is needed to do what it is for, after any restart.

Owns that notation: `press|value`, before it marks where they are needed. Knows no interaction.
"""

import re
from dataclasses import dataclass

LONGEST = 100  # characters that Discord keeps
ASKS = "?"  # the press is asked about before it is done
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_HEAD = re.compile(r"(?P<asks>\?)?(?P<press>[^~@|?]*)(?:~\d+)?(?:@(?P<workspace>[0-9a-z]{1,13}))?")


@dataclass(frozen=True, slots=True)
class Pressed:
    """`workspace` is told where the place does not tell it: in direct messages."""

    press: str
    value: str = ""
    workspace: str | None = None
    asks: bool = False


def custom_id(of: Pressed, nth: int = 1) -> str:
    """`nth` tells apart what is alike in one message, since Discord wants no name twice.

    It may come out longer than LONGEST; then it stands for nothing that Discord could carry.
    """
    again = f"~{nth}" if nth > 1 else ""
    where = f"@{_short(int(of.workspace))}" if of.workspace else ""
    return f"{ASKS if of.asks else ''}{of.press}{again}{where}|{of.value}"


def pressed(custom: str) -> Pressed:
    """What a custom id says; one of another hand presses what nobody knows."""
    head, _, value = custom.partition("|")
    found = _HEAD.fullmatch(head)
    if found is None:
        return Pressed(head)
    workspace = str(int(found["workspace"], 36)) if found["workspace"] else None
    return Pressed(found["press"], value, workspace, bool(found["asks"]))


def _short(number: int) -> str:
    """A snowflake of twenty digits in thirteen."""
    digits = ""
    while number:
        number, last = divmod(number, 36)
        digits = _DIGITS[last] + digits
    return digits or "0"
