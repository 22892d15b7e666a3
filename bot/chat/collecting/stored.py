"""Neutral messages as the store takes them: authors and mentioned people become member rows.

Owns that step, which files and networks share. Knows neither.
"""

import re
from collections.abc import Iterable, Mapping

from bot.chat.events import Posted
from db.messages import NewMessage

_MENTION = re.compile(r"<@member:([^>\s]+)>")


def named_in(texts: Iterable[str]) -> set[str]:
    """The platform's ids of members who are mentioned."""
    return {found for text in texts for found in _MENTION.findall(text)}


def new_message(posted: Posted, member_ids: Mapping[str, int]) -> NewMessage:
    """`member_ids` are rows by platform id, of the author and of everyone whom the text mentions."""
    return NewMessage(
        platform_id=posted.id,
        member_id=member_ids[posted.author] if posted.author else None,
        at=posted.at,
        text=_MENTION.sub(lambda found: f"<@member:{member_ids[found[1]]}>", posted.text),
        thread=posted.thread,
        reply_to=posted.reply_to,
        conversation=posted.conversation,
        edited_at=posted.edited_at,
    )
