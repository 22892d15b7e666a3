"""The face every chat network shows to the chat rooms. Owns the protocol; knows no network."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.chat.cards import Button, Card
from bot.chat.events import ChannelSeen, Event, Thread, WorkspaceSeen, Written
from db.coded import shown

OnEvent = Callable[[Event], Awaitable[object]]
Kind = Literal["answer", "sentence"]  # what the model says, or what the bot says in its stead


class NotShown(Exception):
    """This can never be shown there: the channel is gone, the terminal is closed. The message says why."""


class Unasked(NotShown):
    """Who asked has deleted the question, so nobody is answered."""


class NotReached(Exception):
    """The network cannot be reached for now; the message says why. It is worth trying again."""


class NotAdmitted(Exception):
    """The network does not let us in, and will not until a person mends something; the message says what."""


Trouble = Literal["not in channel", "archived", "no such channel", "not allowed", "may not write", "no message content"]


class OutOfReach(NotShown):
    """A channel cannot be read, or nothing be written there, until someone in the network changes that."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(shown("trouble", trouble))
        self.trouble: Trouble = trouble


@dataclass(frozen=True, slots=True)
class Draft:
    """Something to be shown under one name, and how far it got before.

    `nonce` names it in the network, so that `Platform.find` can find it after a crash. Where it takes several
    messages, those behind the first are called `nonce-2`, `nonce-3` …, and a reference names all of them, one a
    line, in order (bot.chat.replying.posting does this for networks of posts). `shown` is what stands of it already: it
    is finished and never posted anew. `ours` is awaited right before every call to the network, `on_shown` with
    the whole reference the moment a message more stands. Both raise ReplyLost when another process has taken
    over; that ends the showing, as does whatever `pieces` raise, and both go to the caller as they are.
    `actions` stand under the whole answer, where the network has buttons.
    """

    nonce: str
    pieces: AsyncIterator[str]
    kind: Kind
    shown: str | None
    ours: Callable[[], Awaitable[None]]
    on_shown: Callable[[str], Awaitable[None]]
    actions: Sequence[Button] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a channel's past. `before` is where the next older page begins, None when this is the oldest.

    `ids` are all messages that stand there, whoever wrote them. Where `back_to` is given, the page misses nothing
    that was written from then on (up to where it begins, and threads as far as they begin on it): what we hold of
    that time and is not among `ids` was deleted.

    Where `sure` is given, what is written in threads stands on the page of its own time, whenever they began. It says
    whether what is missing of a thread was deleted, or the thread may just not have been seen.
    """

    written: Sequence[Written]
    before: str | None
    ids: Collection[str] = frozenset()
    back_to: datetime | None = None
    sure: Callable[[str], Awaitable[bool]] | None = None


class Platform(Protocol):
    """What a network must do; it grows with the networks that come."""

    name: str  # as WorkspaceSeen.platform has it
    sitting: str | None  # the one thread it can reach, as a terminal; None: every thread of its network

    async def run(self, on_event: OnEvent) -> None:
        """Hand over everything that happens until the network, or the person, is done.

        An event is acknowledged to the network when `on_event` has returned, and not before: until then it
        is kept nowhere else. One that is handed over twice does no harm. Raises NotReached, NotAdmitted.
        """
        ...

    async def show(self, to: Thread, draft: Draft) -> str | None:
        """Show text as it grows; the reference of all that stands, None where it can never be taken back.

        Raises NotShown, and what the draft raises.
        """
        ...

    async def find(self, to: Thread, nonce: str, others: Collection[str] = ()) -> str | None:
        """The reference of what stands under this name behind the mention, also when we died while posting it.

        `others` are the posts of other replies there: a network that cannot name a post from its first moment on
        takes none of them for this one.
        """
        ...

    async def tell(self, to: Thread, sentence: str) -> None:
        """Say something of the bot's own to the one who asked, and to nobody else."""
        ...

    async def remove(self, to: Thread, ref: str) -> None:
        """Take back what was shown; what is gone already is no error."""
        ...


class Messenger(Platform, Protocol):
    """A platform with channels of many people, private messages and a past."""

    def connected(self) -> bool:
        """Whether events come in at this moment."""
        ...

    def lacks(self) -> Trouble | None:
        """Why what people write does not reach us although we are connected, None where it does.

        Raises NotReached while that is not known.
        """
        ...

    async def thread(self, to: Thread) -> Sequence[Written]:
        """What people wrote in the mention's thread before it, oldest first, and what the mention answers.

        Other bots' posts are no part of it. The bot's own are only named (`author.is_bot`) where the mention answers
        them: rows say what they said. It is for the moment and is not kept.
        """
        ...

    async def history(self, workspace: WorkspaceSeen, channel: ChannelSeen, before: str | None) -> Page:
        """A page of a channel's messages older than `before` (None: the newest), threads included, oldest first.

        Waits as long as the network's limits ask. Raises OutOfReach when the channel cannot be read.
        """
        ...

    async def write(self, workspace: str, channel: str, card: Card, nonce: str = "") -> str:
        """Post a card in a channel for everyone; its reference. Raises NotShown, OutOfReach."""
        ...

    async def written(self, workspace: str, channel: str, nonce: str) -> str | None:
        """The reference of the card lately posted in a channel under this name, None where there is none."""
        ...

    async def rewrite(self, workspace: str, channel: str, ref: str, card: Card) -> None:
        """Show another card in the place of one that was posted. Raises Gone, NotShown, OutOfReach."""
        ...

    async def write_to(self, workspace: str, member: str, card: Card) -> None:
        """Send a member a card in private. Raises NotShown."""
        ...
