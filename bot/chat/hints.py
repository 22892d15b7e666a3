"""Commands that sentences name, as they are called in the place where somebody reads them.

Owns the one table from the shell's names to those of chat. What verbs and rows say names the shell's commands, since
the shell has them all.
"""

import re
from collections.abc import Mapping

from db.words import say

_HINT = re.compile(r"`yamabiko ([^`]+)`")

# The shell's words → those after `/yamabiko`; what stands behind them stays. What is absent is done at the shell alone.
IN_CHAT: Mapping[str, str] = {
    "adapters": "adapters",
    "block": "block",
    "cancel": "cancel",
    "channel approve": "approve",
    "channel close": "close",
    "channel list": "channels",
    "channel use": "use",
    "compare": "compare",
    "members": "members",
    "panel-link": "panel",
    "pause": "pause",
    "permit-training": "permit-training",
    "persona list": "personas",
    "promote": "promote",
    "reject": "reject",
    "resume": "resume",
    "review": "review",
    "role": "members",
    "rollback": "rollback",
    "runs": "runs",
    "train": "retrain",
    "unblock": "unblock",
}

_SAID = ("claim",)  # their sentences say themselves that it is the shell's


def here(platform: str, sentence: str) -> str:
    """`sentence` as it is read on this platform: the terminal is the shell's."""
    return sentence if platform == "console" else in_chat(sentence)


def in_chat(sentence: str) -> str:
    """`sentence` with every command it names as it is called in chat, or said to be one of the shell."""
    return _HINT.sub(_worded, sentence)


def _worded(hint: re.Match[str]) -> str:
    words = hint[1].split()
    for length in (2, 1):
        if name := IN_CHAT.get(" ".join(words[:length])):
            return f"`{' '.join(['/yamabiko', name, *words[length:]])}`"
    if words[0] in _SAID:
        return hint[0]
    return say("{command} (at the shell)", command=hint[0])
