"""What Discord says no with, in our words.

Owns which refusals are for ever and which pass. Everything that is not named here passes, and is tried again.
"""

from collections.abc import Mapping

import discord

from bot.chat.platform import NotShown, OutOfReach, Trouble
from bot.chat.replying.posting import Gone

UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015
UNKNOWN_INTERACTION = 10062
ANSWERED_ALREADY = 40060
MISSING_ACCESS = 50001
NOT_OURS = 50005
NOT_TO_THEM = 50007
MISSING_PERMISSIONS = 50013
TOKEN_EXPIRED = 50027
THREAD_ARCHIVED = 50083
THREAD_LOCKED = 160005

_GONE = frozenset({UNKNOWN_MESSAGE, NOT_OURS})
_TROUBLES: Mapping[int, Trouble] = {
    UNKNOWN_CHANNEL: "no such channel",
    MISSING_ACCESS: "not in channel",
    MISSING_PERMISSIONS: "may not write",
    THREAD_ARCHIVED: "archived",
    THREAD_LOCKED: "archived",
    NOT_TO_THEM: "may not write",
}


def told(error: discord.HTTPException) -> Exception:
    """As the chat rooms know it: OutOfReach, NotShown, Gone, or the error itself, which is worth another try."""
    if error.code in _GONE:
        return Gone(str(error.code))
    if (trouble := _TROUBLES.get(error.code)) is not None:
        return OutOfReach(trouble)
    return NotShown(error.text) if error.status in (400, 403, 404) else error
