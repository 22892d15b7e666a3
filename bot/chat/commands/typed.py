"""A typed command line, taken apart: `promote harbour 3 why="better jokes"`.

Owns how options are written, and what a value of each kind may be. Knows no command and no row.
"""

import re
from collections.abc import Mapping, Sequence

from bot.chat.commands.asked import Command, Kind, Option
from db.names import plain
from db.words import listed, say

_WORD = re.compile(r"""\s*(?:(?P<name>[a-z_]+)[=:](?=\S))?(?:["“”](?P<quoted>[^"“”]*)["“”]|(?P<bare>\S+))""")
_QUOTED = re.compile(r"""["“”]([^"“”]*)["“”]""")
_NUMBER = re.compile(r"(?:#|v)?(\d{1,9})", re.IGNORECASE)
_NUMBERS: Sequence[Kind] = ("number", "run", "adapter")
_YES, _NO = ("yes", "true", "on", "1"), ("", "no", "false", "off", "0")


class NotUnderstood(Exception):
    """The line is not how this command is written; the message shows how."""


def read(command: Command, line: str) -> dict[str, str]:
    """The options in `line` by name, each as its kind wants it. Raises NotUnderstood."""
    known = {option.name for option in command.options}
    given: dict[str, str] = {}
    at = 0
    while found := _WORD.match(line, at):
        name, word = found["name"], found["quoted"] if found["quoted"] is not None else found["bare"]
        whole = found[0].strip() if name else word
        if name in known:
            given[name] = word
        elif (chosen := _by_word(command, given, whole)) is not None:
            given[chosen.name] = whole
        elif (option := _by_place(command, given, whole)) is None:
            raise NotUnderstood(say("{word!r} is too much: {usage}", word=word, usage=usage(command)))
        elif option.kind == "text" and option is command.options[-1]:
            given[option.name] = _unquoted(line[at:].strip())
            break
        else:
            given[option.name] = whole
        at = found.end()
    return checked(command, given)


def _by_word(command: Command, given: Mapping[str, str], word: str) -> Option | None:
    """The option of which this very word is a value."""
    for option in command.options:
        words = (option.name,) if option.kind == "yes" else option.choices
        if option.name not in given and plain(word).lower() in words:
            return option
    return None


def _by_place(command: Command, given: Mapping[str, str], word: str) -> Option | None:
    """The next option that may hold the word: a number goes to the first that is one, other words pass those over."""
    left = [one for one in command.options if one.name not in given and one.kind != "yes" and not one.by_name]
    free = [one for one in left if one.kind != "one"]
    numbers = [one for one in free if one.kind in _NUMBERS]
    if _NUMBER.fullmatch(plain(word)) and numbers and not any(one.required for one in free if one not in numbers):
        return numbers[0]
    words = [one for one in free if one.kind not in _NUMBERS]
    return next(iter((*words, *numbers, *left)), None)


def _unquoted(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    return quoted[1] if quoted else text


def checked(command: Command, given: Mapping[str, str]) -> dict[str, str]:
    """What was given, each as its kind wants it and nothing empty. Raises NotUnderstood."""
    fit: dict[str, str] = {}
    for option in command.options:
        if value := _value(command, option, given.get(option.name, "").strip()):
            fit[option.name] = value
    if missing := [option.name for option in command.options if option.required and option.name not in fit]:
        raise NotUnderstood(
            say("Something is missing ({missing}): {usage}", missing=listed(missing), usage=usage(command))
        )
    return fit


def _value(command: Command, option: Option, given: str) -> str:
    word = plain(given).lower()
    if not word or (option.kind == "yes" and word in _NO):
        return ""
    if option.kind == "yes" and word in (*_YES, option.name):
        return "yes"
    if option.kind == "one" and word in option.choices:
        return word
    if option.kind == "adapter" and word == "base":
        return "0"
    if option.kind in _NUMBERS and (number := _NUMBER.fullmatch(word)):
        return str(int(number[1]))
    if option.kind in ("one", "yes", *_NUMBERS):
        raise NotUnderstood(
            say("{word!r} is not what {option} can be: {usage}", word=given, option=option.name, usage=usage(command))
        )
    return given


def usage(command: Command) -> str:
    """How the command is written."""
    return " ".join([f"`/yamabiko {command.name}", *map(_written, command.options)]) + "`"


def _written(option: Option) -> str:
    name = "|".join(option.choices) or option.name.upper()
    if option.kind == "adapter" and option.choices:
        name = f"{option.name.upper()}|{name}"
    if option.kind == "yes":
        return f"[{option.name}]"
    if option.by_name:
        name = f"{option.name}={name}"
    return name if option.required else f"[{name}]"
