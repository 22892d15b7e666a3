"""A typed command line, taken apart: `promote harbour 3 why="better jokes"`.

Owns how options are written. Knows no command.
"""

import re
from collections.abc import Mapping

from bot.chat.commands.asked import Command, Option
from db.words import listed, say

_WORD = re.compile(r"""\s*(?:(?P<name>[a-z_]+)[=:](?=\S))?(?:["“”](?P<quoted>[^"“”]*)["“”]|(?P<bare>\S+))""")


class NotUnderstood(Exception):
    """The line is not how this command is written; the message shows how."""


def read(command: Command, line: str) -> Mapping[str, str]:
    """The options in `line` by name. Raises NotUnderstood."""
    known = {option.name: option for option in command.options}
    given: dict[str, str] = {}
    open_ones = [option for option in command.options if option.kind != "yes"]
    at = 0
    while found := _WORD.match(line, at):
        name, word = found["name"], found["quoted"] if found["quoted"] is not None else found["bare"]
        if name in known:
            given[name] = word
        elif word in known and known[word].kind == "yes":
            given[word] = "yes"
        elif left := [option for option in open_ones if option.name not in given]:
            if len(left) == 1 and left[0].kind == "text" and left[0] is command.options[-1]:
                given[left[0].name] = line[at:].strip()
                break
            given[left[0].name] = found[0].strip() if name else word
        else:
            raise NotUnderstood(say("{word!r} is too much: {usage}", word=word, usage=usage(command)))
        at = found.end()
    _check(command, given)
    return given


def _check(command: Command, given: Mapping[str, str]) -> None:
    if missing := [option.name for option in command.options if option.required and not given.get(option.name)]:
        raise NotUnderstood(
            say("Something is missing ({missing}): {usage}", missing=listed(missing), usage=usage(command))
        )


def usage(command: Command) -> str:
    """How the command is written."""
    return " ".join([f"`/yamabiko {command.name}", *map(_written, command.options)]) + "`"


def _written(option: Option) -> str:
    name = "|".join(option.choices) or option.name.upper()
    if option.kind == "yes":
        return f"[{option.name}]"
    return name if option.required else f"[{name}]"
