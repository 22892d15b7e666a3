"""Cards as Slack's blocks.

Owns how a card looks in Slack, within Slack's limits.
"""

from typing import Any

from bot.chat.cards import Card, Facts, Heading, Note, Part, Text
from bot.chat.outgoing import quiet


def blocks(card: Card) -> list[dict[str, Any]]:
    return [block for part in card.parts for block in _drawn(part)]


def _drawn(part: Part) -> list[dict[str, Any]]:
    match part:
        case Heading(text):
            return [{"type": "header", "text": {"type": "plain_text", "text": text[:150]}}]
        case Text(text):
            return [{"type": "markdown", "text": quiet(text)}]
        case Note(text):
            return [{"type": "context", "elements": [{"type": "mrkdwn", "text": quiet(text)}]}]
        case Facts(facts):
            return [{"type": "section", "fields": [{"type": "mrkdwn", "text": f"*{a}*\n{b}"} for a, b in facts]}]
        case _:
            return []
