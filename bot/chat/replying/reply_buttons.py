"""The buttons under a reply, in the language spoken now.

Owns which there are and what they stand for. What they do is in bot.chat.commands.replies.
"""

from collections.abc import Sequence

from bot.chat.cards import Button
from db.words import say

UP, DOWN = "👍", "👎"


def buttons(reply_id: int) -> Sequence[Button]:
    """A network shows those whose doing it can offer; thumbs may be its own instead."""
    return (
        Button(UP, "thumb", f"{reply_id} 1"),
        Button(DOWN, "thumb", f"{reply_id} -1"),
        Button(say("Another answer"), "another", str(reply_id)),
        Button(
            say("Delete"),
            "delete",
            str(reply_id),
            style="danger",
            sure=say("Erase this answer, and what was asked, for everyone?"),
        ),
    )
