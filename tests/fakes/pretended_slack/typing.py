"""What Slack makes of what people type.

Owns the escaping of text and its twin as rich text. Knows no message.
"""

import re

from tests.fakes.pretended_slack.world import Json

MARK = re.compile(r"<(?:[@#!]|https?:|mailto:)[^<>]*>")
_MENTION = re.compile(r"<@([UW]\w+)>")


def typed(text: str) -> str:
    """&, < and > escaped, except around marks such as <@U1> or <https://…>."""
    pieces, at = [], 0
    for mark in MARK.finditer(text):
        pieces += [_escaped(text[at : mark.start()]), mark.group()]
        at = mark.end()
    return "".join([*pieces, _escaped(text[at:])])


def as_rich_text(text: str) -> list[Json]:
    elements: list[Json] = []
    for piece in re.split(r"(<@[UW]\w+>)", text):
        if mention := _MENTION.fullmatch(piece):
            elements.append({"type": "user", "user_id": mention.group(1)})
        elif piece:
            plain = piece.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
            elements.append({"type": "text", "text": plain})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "text", "elements": [section]}]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
