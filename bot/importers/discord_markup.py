"""Discord's text notation turned into plain words, as it is typed and as DiscordChatExporter rewrites it.

Owns the meaning of `<…>`. Knows no file and no message.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

_NOTATION = re.compile(
    r"<(?:@!?(?P<member>[0-9]{1,20})|@&(?P<role>[0-9]{1,20})|\#(?P<channel>[0-9]{1,20})"
    r"|a?:(?P<emoji>\w{1,64}):[0-9]{1,20}|t:(?P<time>-?[0-9]{1,12})(?::[a-zA-Z])?"
    r"|/(?P<command>[^<>:]{1,100}):[0-9]{1,20}|(?P<link>https?://[^\s<>]+))>"
)
_OURS = "<@member:"  # as our own rows write a mention; typed by someone, it is none
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain(
    text: str,
    mention: Callable[[str], str],
    names: Mapping[str, str] | None = None,
    called: Callable[[str, str], str | None] = lambda kind, id: None,
) -> str:
    """Return Discord's `text` as people read it.

    `mention` says what stands for the member of an id, usually `<@member:ID>`. `names` gives ids by the name that
    an exporter has put after "@" where the notation was; the longest name counts. `called` gives the name of a "role"
    or a "channel" by its id, where that is known.
    """
    text = _NOTATION.sub(lambda found: _spoken(found, mention, called), untyped(text))
    if not names:
        return text
    return _named(names).sub(lambda found: mention(names[found[1]]), text)


def untyped(text: str) -> str:
    """Return what someone typed, which is none of our own mentions."""
    return text.replace(_OURS, "<@ member:")


def _spoken(found: re.Match[str], mention: Callable[[str], str], called: Callable[[str, str], str | None]) -> str:
    value, kind = found[str(found.lastgroup)], str(found.lastgroup)
    match kind:
        case "member":
            return mention(value)
        case "role":
            return f"@{untyped(called(kind, value) or kind)}"
        case "channel":
            return f"#{untyped(called(kind, value) or kind)}"
        case "emoji":
            return f":{value}:"
        case "time":
            return _time(int(value))
        case "command":
            return f"/{value}"
        case _:
            return value


def _time(seconds: int) -> str:
    try:
        return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%d %H:%M}"
    except OverflowError:
        return "date"


def _named(names: Mapping[str, str]) -> re.Pattern[str]:
    """ "@Ann" is no mention where "@Anna" stands; Japanese puts its particles right behind a name."""
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(f"@({'|'.join(_whole(name) for name in longest_first)})")


def _whole(name: str) -> str:
    return re.escape(name) + (r"(?![A-Za-z0-9_])" if re.search(r"[A-Za-z0-9_]\Z", name) else "")
