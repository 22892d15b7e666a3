"""How a reply's text looks in Discord.

Owns what stands under it, and the names under which posts are made once. Nothing in it pings anybody.
"""

import base64
import hashlib

from bot.chat import texts
from bot.chat.events import Thread
from bot.chat.platform import Kind
from bot.chat.replying import posts
from bot.chat.replying.outgoing import quiet

LONGEST = 2000  # characters of a message
LIMIT = 1900  # of the text in it
_MARK = 80  # of what stands under it


def split(text: str) -> list[str]:
    return posts.split(text, LIMIT)


def content(text: str, ending: str = "") -> str:
    return (quiet(text)[: LONGEST - len(ending)] + ending) or texts.EMPTY


def ending(kind: Kind, persona: str | None) -> str:
    """What stands under the whole of it: that a machine said it."""
    if kind != "answer":
        return ""
    mark = " ".join(quiet(texts.by_a_machine(persona)).split())
    return f"\n-# {mark[:_MARK]}"


def once(to: Thread, nonce: str) -> str:
    """The name under which Discord lets a post be made once within some minutes; it takes 25 characters.

    The question's id is in it: where the rows were begun anew, the same numbers come again.
    """
    digest = hashlib.sha256(f"{to.message} {nonce}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()
