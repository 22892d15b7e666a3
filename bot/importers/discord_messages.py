"""What a message of Discord's means, whether a file brings it or the API.

Owns where it stands in a conversation, and who is nobody any more. Knows no file and no connection.
"""

import re
from dataclasses import replace

from bot.chat.events import Posted

_NOBODY = "456226577798135808"  # stands for everyone whose account is gone
_GONE = re.compile(r"deleted_user_[0-9a-f]{6,}|Deleted User [0-9a-f]{8}")


def is_gone(id: object, name: object) -> bool:
    """Whether this author's account is no more."""
    return id == _NOBODY or (isinstance(name, str) and _GONE.fullmatch(name) is not None)


def placed(posted: Posted, thread: str | None, answered: str | None) -> Posted:
    """The message in its thread, if it stands in one, and as the answer to what it answers.

    A forum's post has its thread's id: there is no channel's flow around it, so it opens a conversation.
    """
    opens = thread if thread == posted.id else None
    in_thread = thread if thread != posted.id else None
    return replace(posted, thread=thread, reply_to=answered or in_thread, conversation=opens)
