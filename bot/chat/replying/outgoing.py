"""What may leave the house: nobody is pinged, and no blocked word is said.

Owns the way every word of a reply takes to a platform, while it is being spoken. Knows no platform: what any of
them would take for a call is broken, so that it can still be read.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator

from bot.chat.replying.blocklist import Blocklist, Masking

BREAK = "\u200b"  # invisible, and no platform looks for a call across it

_EVERYONE = ("everyone", "here", "channel")
_SLACK = (*_EVERYONE, "group", "subteam^")
_AT = "@＠﹫"
# Discord calls by @everyone wherever it stands; both networks by <@…>, <@&…>, <#…> and <!…> with an id or a name.
_CALL = re.compile(
    rf"[{_AT}](?=(?i:{'|'.join(_EVERYONE)}))"
    rf"|<(?=@[!&]?[A-Z0-9]|#[A-Z0-9]|!(?i:{'|'.join(map(re.escape, _SLACK))}))"
)
_BEGUN = frozenset(
    ["<", "<@", "<@!", "<@&", "<#"]
    + ["@" + name[:end] for name in _EVERYONE for end in range(len(name))]
    + ["<!" + name[:end] for name in _SLACK for end in range(len(name))]
)
_LONGEST = max(map(len, _BEGUN))


def quiet(text: str) -> str:
    """`text` with every call to someone broken."""
    return _CALL.sub(rf"\g<0>{BREAK}", text)


class Quieting:
    """`quiet` in pieces."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """What may be said now; what may still become a call waits."""
        text = self._held + piece
        tails = range(max(0, len(text) - _LONGEST), len(text))
        end = next((at for at in tails if _begins(text[at:])), len(text))
        self._held = text[end:]
        # What follows decides whether a call begins, and every call that begins before `end` is decided.
        calls = [found.end() for found in _CALL.finditer(text) if found.end() <= end]
        parts = zip([0, *calls], [*calls, end], strict=True)
        return BREAK.join(text[first:last] for first, last in parts)

    def rest(self) -> str:
        held, self._held = self._held, ""
        return held


def _begins(tail: str) -> bool:
    return re.sub(f"[{_AT}]", "@", tail).casefold() in _BEGUN


class Outgoing:
    """A reply on its way out, in pieces: blocked words first, since masking never makes a call."""

    def __init__(self, blocked: Blocklist) -> None:
        self._masking, self._quieting = Masking(blocked), Quieting()

    def feed(self, piece: str) -> str:
        """What may be said now; it may be nothing."""
        return self._quieting.feed(self._masking.feed(piece))

    def rest(self) -> str:
        """What was held back; nothing follows."""
        return self._quieting.feed(self._masking.rest()) + self._quieting.rest()


def safe_text(text: str, blocked: Blocklist) -> str:
    """A whole text as it may leave the house."""
    return quiet(blocked.mask(text))


async def safe(pieces: AsyncIterator[str], blocked: Blocklist) -> AsyncGenerator[str]:
    """`pieces` as they may leave the house; joined, they are `safe_text` of the whole.

    What may still become a blocked word or a call is held back until it is decided. No piece is empty. The caller
    closes `pieces`.
    """
    outgoing = Outgoing(blocked)
    async for piece in pieces:
        if said := outgoing.feed(piece):
            yield said
    if said := outgoing.rest():
        yield said
