"""How a reply's text looks in Slack.

Owns its blocks and what notifications show in their stead. Nothing in it pings anybody.
"""

from collections.abc import Sequence
from typing import Any

from bot.chat import texts
from bot.chat.cards import Button
from bot.chat.platform import Kind
from bot.chat.replying import posts
from bot.chat.replying.outgoing import quiet
from bot.platforms.slack.blocks import actions_block

LIMIT = 3900  # characters of a post; Slack may cut longer ones in two
_FALLBACK = 3000  # chat.update takes 4,000, and escapes are long

Blocks = list[dict[str, Any]]


def split(text: str) -> list[str]:
    return posts.split(text, LIMIT)


def content(text: str, ending: Blocks) -> dict[str, Any]:
    """The arguments of a post: Slack's Markdown block, which reads CommonMark, and words for notifications."""
    shown = {"blocks": [{"type": "markdown", "text": quiet(text)}, *ending], "text": fallback(text)}
    return {**shown, "parse": "none", "link_names": False}


def fallback(text: str) -> str:
    """For notifications, in the escapes that Slack's own notation wants."""
    short = text if len(text) <= _FALLBACK else text[: _FALLBACK - 1] + "…"
    escaped = quiet(short).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped if len(escaped) <= LIMIT else escaped[:LIMIT].rpartition("&")[0]


def ending(kind: Kind, persona: str | None, actions: Sequence[Button]) -> Blocks:
    """What stands under the whole of it: that a machine said it, and what can be done with it."""
    if kind != "answer":
        return []
    mark = texts.by_a_machine(persona)
    line = {"type": "context", "elements": [{"type": "plain_text", "text": quiet(mark)[:150], "emoji": False}]}
    return [line, *actions_block(actions)]
