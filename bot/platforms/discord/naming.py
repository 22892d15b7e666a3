"""What commands are called in Discord, and how texts name them.

Owns where each command stands under `/yamabiko`: Discord takes 25 side by side, so what admins need now and then
stands in groups. Knows no command's meaning.
"""

import re
from collections.abc import Mapping, Sequence

from bot.chat.commands import COMMANDS
from db.words import mark

ROOT = "yamabiko"
SIDE_BY_SIDE = 25

# Each group with what it is for.
GROUPS: Mapping[str, tuple[str, Sequence[str]]] = {
    "order": (mark("Members, and where I answer"), ("members", "block", "unblock", "pause", "resume", "control")),
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


def _worded(hint: re.Match[str]) -> str:
    if hint["name"] not in COMMANDS:
        return hint[0]
    name = f"{ROOT} {path(hint['name'])}"
    if hint["rest"] or ROOT not in _known:
        return f"`/{name}{hint['rest']}`"
    return f"</{name}:{_known[ROOT]}>"
