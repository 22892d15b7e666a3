"""What Discord says no with, in our words.

Owns which refusals are for ever and which pass. Everything that is not named here passes, and is tried again.
"""

from collections.abc import Mapping

import discord

from bot.chat.platform import NotShown, OutOfReach, Trouble, Unasked
from bot.chat.replying.posting import Gone
from db.words import mark, say

UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015
UNKNOWN_INTERACTION = 10062
TOO_MANY_OLD_EDITS = 30046
ANSWERED_ALREADY = 40060
MISSING_ACCESS = 50001
NOT_OURS = 50005
NOT_TO_THEM = 50007
NO_TEXT_HERE = 50008
MISSING_PERMISSIONS = 50013
TOKEN_EXPIRED = 50027
INVALID_BODY = 50035
THREAD_ARCHIVED = 50083
NO_HISTORY = 160002
THREAD_LOCKED = 160005
MODERATED = 200000
HARMFUL_LINK = 240000

_GONE = frozenset({UNKNOWN_MESSAGE, NOT_OURS})
_PASSES = frozenset({TOO_MANY_OLD_EDITS})
_TROUBLES: Mapping[int, Trouble] = {
    UNKNOWN_CHANNEL: "no such channel",
    MISSING_ACCESS: "not in channel",
    MISSING_PERMISSIONS: "may not write",
    NO_TEXT_HERE: "may not write",
    THREAD_ARCHIVED: "archived",
    NOT_TO_THEM: "may not write",
}
_NEVER: Mapping[int, str] = {
    THREAD_LOCKED: mark("The thread is locked."),
    MODERATED: mark("The server's moderation keeps me from posting this."),
    HARMFUL_LINK: mark("The server's moderation keeps me from posting this."),
}


def told(error: discord.HTTPException) -> Exception:
    """As the chat rooms know it: OutOfReach, NotShown, Gone, or the error itself, which is worth another try."""
    if error.code in _GONE:
        return Gone(str(error.code))
    if (trouble := _TROUBLES.get(error.code)) is not None:
        return OutOfReach(trouble)
    if error.code in _NEVER:
        return NotShown(say(_NEVER[error.code]))
    if error.code == INVALID_BODY and "message_reference" in error.text:
        return Unasked(say("The question was deleted."))
    if error.code in _PASSES or error.status not in (400, 403, 404):
        return error
    return NotShown(say("Discord does not take it ({reason}).", reason=error.text or error.code))
