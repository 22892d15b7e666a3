"""What people do with one message where it stands, by the menu that their network has there.

Owns which there are and what they are called; what they do are presses of the commands.
"""

from collections.abc import Sequence
from typing import NamedTuple

from db.words import mark


class Shortcut(NamedTuple):
    """`press` is what the desk is told, with the message's id. Names have at most 24 characters."""

    press: str
    name: str  # marked, not said
    does: str  # marked, not said
    keeps_order: bool = False  # what curators do; networks that can show it to some alone may


SHORTCUTS: Sequence[Shortcut] = (
    Shortcut("approve_message", mark("Approve for training"), mark("This message may be learned from."), True),
    Shortcut("leave_out_message", mark("Leave out of training"), mark("This message is never learned from."), True),
    Shortcut("ask_about", mark("Ask about this"), mark("Ask a persona about this message.")),
)
