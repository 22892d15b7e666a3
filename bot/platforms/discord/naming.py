"""What commands are called in Discord, and how texts name them.

Owns where each command stands under `/yamabiko`: Discord takes 25 side by side, so what admins need now and then
stands in groups. Knows no command's meaning.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.chat.commands import COMMANDS
from bot.chat.commands.asked import Command
from db.words import mark

ROOT = "yamabiko"
SIDE_BY_SIDE = 25

# Each group with what it is for.
GROUPS: Mapping[str, tuple[str, Sequence[str]]] = {
    "order": (mark("Members, and where I answer"), ("members", "block", "unblock", "pause", "resume")),
    "text": (mark("Channels, and what they hold"), ("channels", "close", "review", "permit-training")),
}
_MORE = "more"
_MORE_FOR = mark("What else I do")

_HINT = re.compile(rf"`/{ROOT} (?P<name>[a-z-]+)(?P<rest>(?: [^`]*)?)`")
_known: dict[str, int] = {}


def groups() -> Mapping[str, tuple[str, Sequence[str]]]:
    """The groups; commands that find no room beside them are in one of their own."""
    grouped = {name for _, names in GROUPS.values() for name in names}
    alone = [name for name in COMMANDS if name not in grouped]
    room = SIDE_BY_SIDE - len(GROUPS)
    over = alone[room - 1 :] if len(alone) > room else []
    return {**GROUPS, **({_MORE: (_MORE_FOR, over)} if over else {})}


def path(command: str) -> str:
    """Where the command stands under the root: "ask", "text close"."""
    return next((f"{group} {command}" for group, (_, names) in groups().items() if command in names), command)


def registered(id: int) -> None:
    """Discord's id of the root command; from now on texts can be clicked where they name a command.

    There is one Discord in a process, as the library has it too.
    """
    _known[ROOT] = id


def forgotten() -> None:
    _known.clear()


def worded(text: str) -> str:
    """`text` with the commands it names as they are called here, to be clicked where nothing follows them."""
    return _HINT.sub(_worded, text)


_CLICKED = re.compile(r"</([^:<>]+):[0-9]+>")


def unclicked(text: str) -> str:
    """`text` as it is read where nothing can be clicked."""
    return _CLICKED.sub(r"`/\1`", text)


def _worded(hint: re.Match[str]) -> str:
    if hint["name"] not in COMMANDS:
        return hint[0]
    name = f"{ROOT} {path(hint['name'])}"
    if hint["rest"] or ROOT not in _known:
        return f"`{' '.join([f'/{name}', *_options(COMMANDS[hint['name']], hint['rest'])])}`"
    return f"</{name}:{_known[ROOT]}>"


def _options(command: Command, typed: str) -> Iterator[str]:
    """What is typed elsewhere by its place, as Discord writes it: behind each option's name."""
    told = [one.name for one in command.options if one.kind == "yes"]
    by_place = iter([one.name for one in command.options if one.kind != "yes" and not one.by_name])
    for word in typed.split():
        bare = word.strip("[]")
        if bare in told:
            named = f"{bare}:True"
        elif "=" in bare:
            named = bare.replace("=", ":", 1)
        else:
            name = next(by_place, "")  # where none is left, the last one takes the rest
            named = f"{name}:{bare}" if name else bare
        yield f"[{named}]" if word.startswith("[") else named
