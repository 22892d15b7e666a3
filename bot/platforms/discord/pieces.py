"""What a card is made of, once it is drawn for Discord: texts and buttons, few and short enough.

Owns Discord's limits of a whole message, and what gives way to them first. Knows neither cards nor Discord's objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.cards import Choice, Style
from bot.chat.replying import posts

COMPONENTS, TEXT = 40, 4000  # of a message in all, those within others counted too
ROW, CHOICES = 5, 25


@dataclass(frozen=True, slots=True)
class Press:
    """A button with all that Discord keeps of it."""

    label: str
    custom: str
    style: Style


@dataclass(slots=True)
class Said:
    text: str
    beside: Press | None = None  # its one button

    @property
    def size(self) -> int:
        return 3 if self.beside else 1


@dataclass(slots=True)
class Buttons:
    """`folded`: as a menu, which takes less room."""

    presses: list[Press]
    folded: bool = False

    @property
    def size(self) -> int:
        if self.folded:
            return 2 * -(-len(self.presses) // CHOICES)
        return len(self.presses) + -(-len(self.presses) // ROW)


@dataclass(slots=True)
class Select:
    custom: str
    placeholder: str
    options: Sequence[Choice]
    chosen: str | None
    size: int = 2


@dataclass(slots=True)
class Rule:
    size: int = 1


Piece = Said | Buttons | Select | Rule


def fit(pieces: list[Piece]) -> bool:
    """Make them few enough; whether some had to go. Lines go and buttons are folded before anything else goes."""
    room = COMPONENTS - 2  # the container, and the line that says that the rest is cut
    for line in [one for one in pieces if isinstance(one, Rule)]:
        if _size(pieces) > room:
            pieces.remove(line)
    rows = [one for one in pieces if isinstance(one, Buttons) and len(one.presses) > 1]
    while rows and _size(pieces) > room:
        rows.pop().folded = True
    cut = _size(pieces) > room
    while _size(pieces) > room:
        pieces.pop()
    return cut


def _size(pieces: Sequence[Piece]) -> int:
    return sum(one.size for one in pieces)


def shorten(said: Sequence[Said], room: int) -> bool:
    """Cut the longest texts until all fit; whether any was cut."""
    lengths = sorted(len(one.text) for one in said)
    if sum(lengths) <= room:
        return False
    most = 0
    for number, length in enumerate(lengths):
        most = (room - sum(lengths[:number])) // (len(lengths) - number)
        if length > most:
            break
    for one in said:
        one.text = begun(one.text, most)
    return True


def begun(text: str, longest: int) -> str:
    """`text` itself, or its beginning with "…" under it."""
    if len(text) <= longest:
        return text
    pieces = posts.split(text, longest - 2) if longest - 2 >= posts.SMALLEST_LIMIT else []
    return f"{pieces[0]}\n…" if pieces else "…"
