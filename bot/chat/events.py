"""What every platform and every file is turned into before our own code sees it.

Owns the neutral vocabulary of incoming things. Knows no platform, no database and no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WorkspaceSeen:
    """A Slack team, a Discord guild, or the shelf that imported files stand on."""

    platform: str  # "slack", "discord", "file", "console"
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MemberSeen:
    id: str
    name: str
    is_bot: bool = False
    locale: str | None = None  # as the network calls it, where it says so


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """`direct`: one member and the bot are in it, and nobody else."""

    id: str
    name: str
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as a platform or an archive shows it.

    `text` holds mentions of members as `<@member:ID>` with the platform's member id, and is otherwise plain:
    unescaped, links as their address. `thread` is the id of the thread's first message, `reply_to` the id of
    the message answered; both are None outside threads. `conversation` is given only where the source itself
    decides it (a text file); otherwise the store does.
    """

    channel: str
    id: str
    author: str | None
    at: datetime
    text: str
    thread: str | None = None
    reply_to: str | None = None
    edited_at: datetime | None = None
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A message that was not taken, and the one-word reason: "bot", "system", "empty" …"""

    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a reply belongs, by the platform's own ids: enough to show it there after a restart.

    `thread` is the first message's id, None outside threads; `message` is the mention's. `persona` is the name
    of the one who speaks, None while nobody does.
    """

    platform: str
    workspace: str
    channel: str
    thread: str | None
    message: str
    asker: str
    persona: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A message that asks the bot for a reply.

    `text` holds mentions of members as Posted has them, and `people` are those members, by name as far as known.
    """

    workspace: WorkspaceSeen
    channel: ChannelSeen
    author: MemberSeen
    id: str
    text: str
    at: datetime
    thread: str | None = None
    persona: str | None = None  # named by the asker; otherwise the channel's
    people: Sequence[MemberSeen] = ()
    foreign: bool = False  # someone of another workspace asks, whose text is never kept

    @property
    def where(self) -> Thread:
        seen = self.workspace
        return Thread(seen.platform, seen.id, self.channel.id, self.thread, self.id, self.author.id, self.persona)


@dataclass(frozen=True, slots=True)
class Written:
    """A person's message as it stands now, new or edited. `foreign`: someone of another workspace wrote it.

    `named` are those of the mentioned people whose names are known.
    """

    workspace: WorkspaceSeen
    channel: ChannelSeen
    author: MemberSeen
    posted: Posted
    foreign: bool = False
    named: Sequence[MemberSeen] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """Messages that are gone from a channel, by the platform's ids; the channel itself when there are none.

    With `thread`, which stands for no `ids`, it is all that was written in this thread. A message of the channel's
    that it was begun from is none of that, and stands there still.
    """

    workspace: WorkspaceSeen
    channel: str
    ids: Sequence[str] = ()
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Reworded:
    """A message has other words now; if it was a question, `text` is what it asks, as Mention has it."""

    workspace: WorkspaceSeen
    channel: str
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Thumbed:
    """A member's thumb on one of our posts: 1 or -1, given or (not `on`) taken back. `ref` is the post's.

    `reaction` is what the network calls it: several may mean the same, and one of them may be taken back.
    """

    workspace: WorkspaceSeen
    channel: str
    ref: str
    member: MemberSeen
    value: int
    on: bool = True
    reaction: str = ""


@dataclass(frozen=True, slots=True)
class Cleared:
    """Everybody's reactions on one of our posts are gone; where `reaction` is given, those of one kind."""

    workspace: WorkspaceSeen
    channel: str
    ref: str
    reaction: str | None = None


@dataclass(frozen=True, slots=True)
class Renamed:
    """A channel is called otherwise from now on; where none is given, it is the workspace."""

    workspace: WorkspaceSeen
    channel: ChannelSeen | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What people and channels are called, learned outside of what they wrote. Nobody new becomes known by it."""

    workspace: WorkspaceSeen
    members: Sequence[MemberSeen] = ()
    channels: Sequence[ChannelSeen] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """The bot is in this workspace no more: uninstalled, thrown out, its token revoked. Or in this channel of it."""

    workspace: WorkspaceSeen
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """From now on we hear of what happens in this network, but have not for a while: it was away, or we were."""

    platform: str


Event = Mention | Written | Erased | Reworded | Renamed | Thumbed | Cleared | Left | Missed | Known
