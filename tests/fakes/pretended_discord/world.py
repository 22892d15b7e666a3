"""What stands in the pretended Discord: guilds, people, channels, threads, messages, and the application itself.

Owns the state and the identifiers: snowflakes made from the clock, so that their order is time's. Knows no HTTP, no
socket, and not how any of it looks as JSON.
"""

import itertools
import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from tests.fakes.clock import Clock
from tests.fakes.pretended_discord.permissions import EVERYONE, bits

if TYPE_CHECKING:
    from tests.fakes.pretended_discord.interactions import Interaction, Modal

EPOCH_MS = 1_420_070_400_000
Json = dict[str, Any]


class Kind(IntEnum):
    """Of channels."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    NEWS = 5
    NEWS_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


class Said(IntEnum):
    """Of messages."""

    DEFAULT = 0
    PIN = 6
    JOIN = 7
    THREAD_CREATED = 18
    REPLY = 19
    COMMAND = 20
    THREAD_STARTER = 21
    CONTEXT_MENU = 23


SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING, SILENT, V2 = 1 << 2, 1 << 5, 1 << 6, 1 << 7, 1 << 12, 1 << 15
WRITTEN = (Said.DEFAULT, Said.REPLY, Said.COMMAND, Said.CONTEXT_MENU)  # what has an author's own words


@dataclass(eq=False)
class User:
    """`takes_dms`: whether the app may write to them in private."""

    id: str
    name: str
    global_name: str | None = None
    is_bot: bool = False
    locale: str = "en-US"
    takes_dms: bool = True

    @property
    def shown_name(self) -> str:
        return self.global_name or self.name


@dataclass(eq=False)
class Role:
    id: str
    name: str
    permissions: int = 0
    position: int = 1
    mentionable: bool = False
    managed: bool = False
    bot: str | None = None


@dataclass(eq=False)
class Member:
    user: str
    joined: float
    nick: str | None = None
    roles: set[str] = field(default_factory=set[str])


@dataclass(eq=False)
class Guild:
    """`commands`: whether the app was let in with applications.commands; `outage`: nobody can reach it just now."""

    id: str
    name: str
    owner: str
    locale: str = "en-US"
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    commands: bool = True
    outage: bool = False

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]


@dataclass(eq=False)
class Thread:
    """What makes a channel a thread; `archived_at` is when it was last put away or taken out."""

    owner: str
    created: float
    archived_at: float
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    invitable: bool = True
    members: dict[str, float] = field(default_factory=dict[str, float])
    total: int = 0


@dataclass(eq=False)
class Message:
    """`pings` are the mentions that would notify somebody; `versions` every content it ever had, the newest last.

    `answered`: whom it notifies by answering them; `only_for`: the one person who sees it. `interaction` is what it
    was said because of, as Discord tells it.
    """

    id: str
    channel: str
    author: str
    at: float
    content: str = ""
    kind: int = Said.DEFAULT
    edited: float | None = None
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    attachments: list[Json] = field(default_factory=list[Json])
    flags: int = 0
    reference: Json | None = None
    nonce: str | int | None = None
    mentions: list[str] = field(default_factory=list[str])
    mention_roles: list[str] = field(default_factory=list[str])
    mention_everyone: bool = False
    answered: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    pinned: bool = False
    webhook: str | None = None
    interaction: Json | None = None
    answers: "Interaction | None" = None
    only_for: str | None = None
    thread: str | None = None
    deleted: bool = False
    by_bot: bool = False
    pings: list[str] = field(default_factory=list[str])
    versions: list[str] = field(default_factory=list[str])
    state: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


@dataclass(eq=False)
class Channel:
    """`typed` is when the app last showed that it is typing there, each time."""

    id: str
    name: str
    kind: Kind = Kind.TEXT
    guild: str | None = None
    parent: str | None = None
    topic: str | None = None
    position: int = 0
    overwrites: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    recipients: tuple[str, ...] = ()
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    thread: Thread | None = None
    typed: list[float] = field(default_factory=list[float])

    @property
    def is_private_thread(self) -> bool:
        return self.kind == Kind.PRIVATE_THREAD

    @property
    def last_message(self) -> str | None:
        return next(reversed(self.messages), None)


@dataclass(eq=False)
class Application:
    """What the developer portal says of the app: the three privileged intents are switches there.

    `verified`: past Discord's review, where flags are no longer the limited ones.
    """

    id: str
    name: str
    owner: str
    token: str = "bot-token-1"
    message_content: bool = False
    members: bool = False
    presences: bool = False
    public: bool = True
    require_code_grant: bool = False
    verified: bool = False
    endpoint: str | None = None
    team: Json | None = None

    @property
    def flags(self) -> int:
        limited = 0 if self.verified else 1
        return (
            (self.presences << (12 + limited))
            | (self.members << (14 + limited))
            | (self.message_content << (18 + limited))
        )


class World:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._last = 0
        self._count = itertools.count()
        self.users: dict[str, User] = {}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: dict[str, Message] = {}
        self.commands: dict[str | None, dict[str, Json]] = {None: {}}
        self.interactions: dict[str, Interaction] = {}
        self.modals: dict[str, Modal] = {}
        self.nonces: dict[tuple[str, str], tuple[float, Message]] = {}
        owner = User(self.snowflake(), "developer", "Developer")
        self.bot = User(self.snowflake(), "yamabiko", None, is_bot=True)
        self.users = {owner.id: owner, self.bot.id: self.bot}
        self.app = Application(self.bot.id, "yamabiko", owner.id)

    def snowflake(self, at: float | None = None) -> str:
        """Of now: greater than any before. Of another time: only its own."""
        made = int((self.clock.now() if at is None else at) * 1000) - EPOCH_MS << 22
        if at is not None:
            return str(made + next(self._count) % 2**22)
        self._last = max(made, self._last + 1)
        return str(self._last)

    def add_guild(self, name: str, owner: str, locale: str) -> Guild:
        guild = Guild(self.snowflake(), name, owner, locale)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE, 0)
        self.guilds[guild.id] = guild
        self.join(guild, owner)
        return guild

    def join(self, guild: Guild, user: str, nick: str | None = None) -> Member:
        member = Member(user, self.clock.now(), nick)
        guild.members[user] = member
        return member

    def let_in(self, guild: Guild, permissions: int) -> None:
        """The app becomes a member, with a role of its own."""
        role = Role(self.snowflake(), self.bot.name, permissions, managed=True, bot=self.bot.id)
        guild.roles[role.id] = role
        self.join(guild, self.bot.id).roles.add(role.id)

    def role(self, guild: Guild, name: str, *permissions: str | int, mentionable: bool = False) -> Role:
        role = Role(self.snowflake(), name, bits(*permissions), len(guild.roles), mentionable)
        guild.roles[role.id] = role
        return role

    def channels_of(self, guild: Guild) -> list[Channel]:
        return [one for one in self.channels.values() if one.guild == guild.id and not one.thread]

    def threads_of(self, guild: Guild, archived: bool = False) -> list[Channel]:
        found = [one for one in self.channels.values() if one.guild == guild.id and one.thread]
        return [one for one in found if one.thread and one.thread.archived == archived]

    def dm_with(self, user: str) -> Channel:
        for one in self.channels.values():
            if one.kind == Kind.DM and user in one.recipients:
                return one
        made = Channel(self.snowflake(), "", Kind.DM, recipients=(user, self.bot.id))
        self.channels[made.id] = made
        return made

    def message(self, channel: str, message: str) -> Message | None:
        """Also what only one person sees."""
        place = self.channels.get(channel)
        return self.ephemerals.get(message) or (place.messages.get(message) if place else None)

    def ephemerals_of(self, user: str) -> list[Message]:
        return [one for one in self.ephemerals.values() if one.only_for == user]

    def commands_in(self, guild: str | None) -> list[Json]:
        """What can be called there: the app's own and the guild's."""
        own = self.commands.get(guild, {}) if guild else {}
        return [*own.values(), *self.commands[None].values()]

    @staticmethod
    def secret() -> str:
        return secrets.token_urlsafe(48)
