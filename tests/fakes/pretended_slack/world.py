"""What stands in the pretended Slack workspace: people, conversations, messages, views, and who may answer whom.

Owns the state and the identifiers, as Slack shows them in its JSON. Knows no HTTP, no socket and no rule about who
may do what: those are beside it.
"""

import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.clock import Clock

TEAM = "T00000001"
APP = "A00000001"
BOT = "B00000001"
BOT_USER = "U0000000B"
VERIFICATION = "verification-token"
STATUS_S = 120.0
KINDS = {"channel": "public_channel", "group": "private_channel", "im": "im"}

Json = dict[str, Any]


@dataclass
class User:
    id: str
    name: str
    team: str = TEAM
    is_bot: bool = False
    is_admin: bool = False
    is_owner: bool = False
    locale: str = "en-US"
    tz: str = "Europe/London"
    deleted: bool = False

    @property
    def stranger(self) -> bool:
        """Of another team, here through Slack Connect."""
        return self.team != TEAM

    def shown(self, locale: bool = False) -> Json:
        handle = self.name.lower().replace(" ", ".")
        profile = {"display_name": self.name, "real_name": self.name, "team": self.team}
        body: Json = {"id": self.id, "team_id": self.team, "name": handle, "real_name": self.name, "profile": profile}
        body |= {"deleted": self.deleted, "is_bot": self.is_bot, "is_app_user": False, "updated": 0, "tz": self.tz}
        body |= {"is_admin": self.is_admin, "is_owner": self.is_owner, "is_primary_owner": self.is_owner}
        body |= {"is_restricted": False, "is_ultra_restricted": False}
        if self.stranger:
            body["is_stranger"] = True
        return body | ({"locale": self.locale} if locale else {})


@dataclass
class Stream:
    """A message that is being written: until it is stopped, its five minutes are over, or somebody pressed stop."""

    until: float
    stopped: bool = False
    by_user: bool = False
    calls: int = 1
    chunks: list[Json] = field(default_factory=list[Json])


@dataclass
class Message:
    """`pings` are the parts that would notify somebody; `versions` every text it ever had, the newest last.

    `by_bot`: by the app under test. `robot` is the bot_id of another app.
    """

    ts: str
    channel: str
    user: str
    text: str = ""
    thread_ts: str | None = None
    blocks: list[Json] = field(default_factory=list[Json])
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    by_bot: bool = False
    subtype: str | None = None
    team: str = TEAM
    pings: list[str] = field(default_factory=list[str])
    stream: Stream | None = None
    versions: list[str] = field(default_factory=list[str])
    state: Json = field(default_factory=dict[str, Any])
    client_msg_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    username: str | None = None
    robot: str = ""

    def shown(self, with_metadata: bool = True) -> Json:
        body: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts, "team": self.team}
        if self.subtype:
            body["subtype"] = self.subtype
        if self.by_bot:
            profile = {"id": BOT, "app_id": APP, "name": "yamabiko", "team_id": TEAM}
            body |= {"bot_id": BOT, "app_id": APP, "bot_profile": profile}
        elif self.robot:
            body |= {"bot_id": self.robot, "app_id": "A0OTHER"}
        elif self.subtype in (None, "file_share"):
            body["client_msg_id"] = self.client_msg_id
        if self.blocks:
            body["blocks"] = self.blocks
        if self.thread_ts:
            body["thread_ts"] = self.thread_ts
        if self.edited:
            body["edited"] = self.edited
        if self.metadata and with_metadata:
            body["metadata"] = self.metadata
        if self.reactions:
            found = self.reactions.items()
            body["reactions"] = [{"name": name, "users": list(users), "count": len(users)} for name, users in found]
        if self.stream:
            body["streaming_state"] = "completed" if self.stream.stopped else "in_progress"
        return body


@dataclass
class Ephemeral:
    """A message that only `user` sees, `via` chat.postEphemeral, a response_url, or the answer to a command."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    via: str
    thread_ts: str | None = None
    deleted: bool = False
    pings: list[str] = field(default_factory=list[str])
    state: Json = field(default_factory=dict[str, Any])


@dataclass
class Channel:
    id: str
    name: str
    kind: str = "channel"
    members: set[str] = field(default_factory=set[str])
    archived: bool = False
    ext_shared: bool = False
    user: str = ""
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    created: int = 1_700_000_000

    @property
    def bot_is_in(self) -> bool:
        return BOT_USER in self.members

    def thread(self, ts: str) -> list[Message]:
        return [one for one in self.messages.values() if one.ts == ts or one.thread_ts == ts]

    def shown_message(self, message: Message, full: bool = True, replies: list[Message] | None = None) -> Json:
        """A message as history shows it, with what is known of its thread; `replies` if the caller has looked."""
        body = message.shown(full)
        if replies is None:
            replies = [one for one in self.thread(message.ts) if one.ts != message.ts]
        if replies:
            body |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
            body |= {"reply_users": sorted({one.user for one in replies}), "subscribed": False}
        parent = self.messages.get(message.thread_ts or "")
        if parent and parent is not message:
            body["parent_user_id"] = parent.user
        return body

    def shown(self) -> Json:
        if self.kind == "im":
            body: Json = {"id": self.id, "is_im": True, "user": self.user, "created": self.created}
            return body | {"is_archived": False, "is_org_shared": False, "is_user_deleted": False}
        body = {"id": self.id, "name": self.name, "name_normalized": self.name, "created": self.created}
        body |= {"is_channel": self.kind == "channel", "is_group": False, "is_im": False, "is_mpim": False}
        body |= {"is_private": self.kind == "group", "is_archived": self.archived, "is_member": self.bot_is_in}
        body |= {"is_ext_shared": self.ext_shared, "is_shared": self.ext_shared, "is_org_shared": False}
        body |= {"is_general": self.name == "general", "context_team_id": TEAM, "creator": "U00000000"}
        return body | {"topic": {"value": ""}, "purpose": {"value": ""}, "num_members": len(self.members)}


@dataclass
class View:
    """A modal or a home tab; `state` is what its fields hold, `open` whether somebody sees it."""

    id: str
    user: str
    body: Json
    hash: str
    root: str = ""
    previous: str | None = None
    state: Json = field(default_factory=dict[str, Any])
    open: bool = True
    trigger: str = ""

    @property
    def blocks(self) -> list[Json]:
        return self.body.get("blocks", [])

    @property
    def callback_id(self) -> str:
        return self.body.get("callback_id", "")

    @property
    def title(self) -> str:
        return self.body.get("title", {}).get("text", "")

    def shown(self) -> Json:
        body: Json = {"callback_id": "", "private_metadata": "", "external_id": "", "title": None, "close": None}
        body |= {"submit": None, "clear_on_close": False, "notify_on_close": False} | self.body
        body |= {"id": self.id, "team_id": TEAM, "app_id": APP, "bot_id": BOT, "app_installed_team_id": TEAM}
        return body | {
            "hash": self.hash,
            "root_view_id": self.root or self.id,
            "previous_view_id": self.previous,
            "state": {"values": self.state},
        }


@dataclass
class Status:
    """What a thread says the bot is doing, e.g. that it thinks."""

    channel: str
    thread_ts: str
    text: str
    loading_messages: list[str]
    at: float


@dataclass
class Trigger:
    id: str
    user: str
    issued: float
    view: View | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """Where an interaction may be answered, five times within half an hour."""

    id: str
    user: str
    channel: str
    issued: float
    original: Message | Ephemeral | None = None
    uses: int = 0
    posts: list[Json] = field(default_factory=list[Json])


class World:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.team_name, self.team_domain = "Harbour", "harbour"
        self.users: dict[str, User] = {BOT_USER: User(BOT_USER, "yamabiko", is_bot=True)}
        self.channels: dict[str, Channel] = {}
        self.deleted: list[Message] = []
        self.ephemerals: list[Ephemeral] = []
        self.views: dict[str, View] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.statuses: dict[tuple[str, str], Status] = {}
        self.statuses_set: list[Status] = []
        self.prompts: list[Json] = []
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def number(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):08d}"

    def ts(self) -> str:
        """A message's time, which is also its name: never the same twice, and always later than the one before."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def im_with(self, user: str) -> Channel:
        for channel in self.channels.values():
            if channel.kind == "im" and channel.user == user:
                return channel
        channel = Channel(self.number("D"), "", "im", {user, BOT_USER}, user=user)
        self.channels[channel.id] = channel
        return channel

    def status(self, channel: str, thread_ts: str) -> Status | None:
        """What stands in a thread now; it goes after two minutes, or when something is posted there."""
        found = self.statuses.get((channel, thread_ts))
        return found if found and found.text and self.clock.now() - found.at < STATUS_S else None

    def trigger(self, user: str, view: View | None = None) -> Trigger:
        made = Trigger(f"{next(self._numbers)}.1.{uuid.uuid4().hex[:16]}", user, self.clock.now(), view)
        self.triggers[made.id] = made
        return made

    def response_url(self, user: str, channel: str, original: Message | Ephemeral | None = None) -> ResponseUrl:
        made = ResponseUrl(uuid.uuid4().hex, user, channel, self.clock.now(), original)
        self.response_urls[made.id] = made
        return made
