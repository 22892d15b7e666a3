"""What a command is given: who asks, where, and what it may use.

Owns no command.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.chat.cards import Answer
from bot.chat.events import ChannelSeen, MemberSeen, Posted, Thread, WorkspaceSeen
from bot.chat.replying.alternatives import Alternatives
from bot.chat.replying.blocklist import Blocklist
from bot.chat.verbs.authority import Actor
from bot.live_adapters import LiveAdapters
from db.members import RoleName
from db.session import Sessions


@dataclass(frozen=True, slots=True)
class Call:
    """Someone wants something of the bot that is no mention. `message` is the one a shortcut was used on."""

    workspace: WorkspaceSeen
    member: MemberSeen
    channel: ChannelSeen | None = None
    thread: str | None = None
    message: Posted | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the desk. `servers` are the bases that are models on servers."""

    sessions: Sessions
    live: LiveAdapters
    servers: Sequence[str] = ()
    blocked: Blocklist = field(default_factory=Blocklist)
    panel_link: Callable[[Actor], Awaitable[str]] | None = None  # None: there is no panel
    alternatives: Alternatives | None = None  # None: no reply is shown by this process


@dataclass(frozen=True, slots=True)
class Asked:
    """A call by a member whom the rows know. `channel_id` is the channel's row."""

    around: Around
    call: Call
    actor: Actor
    member_id: int
    workspace_id: int
    channel_id: int | None

    @property
    def sessions(self) -> Sessions:
        return self.around.sessions


Kind = Literal["text", "number", "yes", "one", "persona", "run", "adapter", "channel", "member"]


@dataclass(frozen=True, slots=True)
class Option:
    """One thing a command is told, by name or by place; where it is typed, the last one takes what is left.

    Commands are given channels and members as "#ROW", numbers as digits (an adapter's is 0 for the bare base), `one`
    as one of its choices, `yes` as "yes"; what was not told is absent. `by_name`: typed as name=value alone.
    """

    name: str
    summary: str  # marked, not said
    kind: Kind = "text"
    required: bool = False
    choices: Sequence[str] = ()
    by_name: bool = False
    label: Callable[[str], str] = str  # a choice as it is read in a menu, in the language spoken now


Do = Callable[[Asked, Mapping[str, str]], Awaitable[Answer]]
Press = Callable[[Asked, str], Awaitable[Answer | None]]  # the button's value
Submitted = Callable[[Asked, str, Mapping[str, str]], Awaitable[Answer | None]]  # the form's value, and its fields


@dataclass(frozen=True, slots=True)
class Command:
    """`role` is from where on it is offered; what it does is authorised by its verb all the same.

    `opens` tells networks that must know beforehand that it answers with a form.
    """

    name: str
    summary: str  # marked, not said
    do: Do
    options: Sequence[Option] = ()
    role: RoleName = "member"
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """Commands that belong together, with the buttons and forms they lead to."""

    title: str  # marked, not said
    commands: Sequence[Command] = ()
    presses: Mapping[str, Press] = field(default_factory=dict[str, Press])
    forms: Mapping[str, Submitted] = field(default_factory=dict[str, Submitted])


class FormRefused(Exception):
    """A form cannot be taken as it is; `field` is what to mend, the message says how."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


def place(asked: Asked, message: str) -> Thread:
    """Where something in answer to `message` belongs. Only for calls from a channel."""
    call = asked.call
    assert call.channel is not None, "there is a channel to speak in"
    return Thread(call.workspace.platform, call.workspace.id, call.channel.id, call.thread, message, call.member.id)
