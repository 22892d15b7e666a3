"""Markdown as Slack's own notation, for the places where Slack reads no Markdown.

Owns that translation and its escapes. Nothing that passes here can call anybody: every `<` that is not a link of ours
is escaped.
"""

import re

from bot.chat.markdown import unmarked
from bot.chat.replying.outgoing import BREAK

_TOKEN = re.compile(
    r"(?P<fence>^[ \t]*(?P<ticks>`{3,})[^\n`]*\n(?P<code>.*?)(?P<close>\n?[ \t]*(?P=ticks)|\Z))"
    r"|(?P<run>`{1,2})(?P<span>[^`\n]+)(?P=run)(?!`)"
    r"|\\(?P<literal>[!-/:-@\[-`{-~])"
    r"|\[(?P<label>[^\[\]\n]{1,300})\]\((?P<url>(?:https?://|mailto:)[^\s()<>|]+)\)"
    r"|<(?P<address>https?://[^\s<>|]+)>"
    r"|(?P<b>\*\*|__)(?=\S)(?P<bold>[^\n]{1,1000}?)(?<=\S)(?P=b)"
    r"|~~(?=\S)(?P<struck>[^\n]{1,1000}?)(?<=\S)~~"
    r"|(?<![\w*])(?P<i>[*_])(?=[^\s*_])(?P<italic>[^\n*]{1,1000}?)(?<=[^\s*_])(?P=i)(?![\w*])"
    r"|^[ \t]{0,3}\#{1,6}[ \t]+(?P<heading>[^\n]+)$"
    r"|^(?P<indent>[ \t]*)[-*+][ \t]+(?=\S)",
    re.MULTILINE | re.DOTALL,
)


def escaped(text: str) -> str:
    """Text as Slack shows it letter by letter."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_LOOKS_MARKED = re.compile(r"<(?=[@#]|\Z)")


def by_hand(text: str) -> str:
    """What somebody typed, such that nothing in it is taken for a mark of Slack's: those name people and channels."""
    return _LOOKS_MARKED.sub("< ", text)


def mrkdwn(text: str) -> str:
    """Markdown in Slack's notation. What Slack has no mark for stands there plain."""
    parts: list[str] = []
    end = 0
    for found in _TOKEN.finditer(text):
        parts += escaped(text[end : found.start()]), _marked(found)
        end = found.end()
    return "".join([*parts, escaped(text[end:])])


def measure(text: str) -> int:
    """What `mrkdwn` makes of a text is never longer than this."""
    return len(escaped(text)) + 2 * (text.count("*") + text.count("_") + text.count("~") + text.count("#"))


def _marked(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "fence":
            close = found["close"].replace(found["ticks"], "```")
            return f"```\n{escaped(found['code'])}{close}"
        case "span":
            return f"`{escaped(found['span'])}`"
        case "literal":
            return escaped(found["literal"])
        case "url":
            return f"<{escaped(found['url'])}|{escaped(found['label'])}>"
        case "address":
            return f"<{escaped(found['address'])}>"
        case "bold":
            return _around(found, "*", found["bold"])
        case "struck":
            return _around(found, "~", found["struck"])
        case "italic":
            return _around(found, "_", found["italic"])
        case "heading":
            return f"*{escaped(unmarked(found['heading']).strip().rstrip('#').rstrip())}*"
        case _:
            return f"{found['indent']}• "


def _around(found: re.Match[str], mark: str, inner: str) -> str:
    """Slack sees a mark at a word's edge alone; where there is no edge, as in Japanese, an invisible one is put."""
    text, start, end = found.string, found.start(), found.end()
    before = BREAK if start and text[start - 1].isalnum() else ""
    after = BREAK if end < len(text) and text[end].isalnum() else ""
    return f"{before}{mark}{mrkdwn(inner).replace(mark, '')}{mark}{after}"
