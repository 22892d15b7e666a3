"""What happens in the workspace, and that the app hears of it.

Owns which event is told when: a mention in a channel the bot is in comes twice, as message and as app_mention, with
one ts and two event_ids. Knows no transport.
"""

from typing import TYPE_CHECKING

from tests.fakes.clock import Clock
from tests.fakes.pretended_slack import events
from tests.fakes.pretended_slack.world import BOT_USER, TEAM, Channel, Json, Message, World

if TYPE_CHECKING:
    from tests.fakes.pretended_slack.deliveries import Deliveries

MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
# Every event that an app can subscribe to here, and the scope that it needs.
EVENTS = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_deleted": "channels:read",
    "channel_left": "channels:read",
    "channel_rename": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_deleted": "groups:read",
    "group_left": "groups:read",
    "group_rename": "groups:read",
    "group_unarchive": "groups:read",
    "team_join": "users:read",
    "user_change": "users:read",
    "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write",
    "app_home_opened": "",
    "app_uninstalled": "",
    "tokens_revoked": "",
}
JOINED, LEFT = "channel_join", "channel_leave"


class Happenings:
    world: World
    clock: Clock
    deliveries: "Deliveries"
    scopes: set[str]
    subscriptions: set[str] | None
    token_error: str | None
    app_token_error: str | None

    def streaming(self, message: Message) -> bool:
        stream = message.stream
        return bool(stream and not stream.stopped and not stream.by_user and self.clock.now() < stream.until)

    def tell_message(self, channel: Channel, message: Message) -> None:
        self._tell_in(channel, events.posted(channel, message), MESSAGES[channel.kind])
        meant = not message.by_bot and message.subtype not in (JOINED, LEFT)
        if channel.kind != "im" and meant and f"<@{BOT_USER}>" in message.text:
            self._tell_in(channel, events.mentioned(channel, message), "app_mention")

    def tell_change(self, channel: Channel, message: Message, before: Json) -> None:
        shown = channel.shown_message(message)
        self._tell_in(channel, events.changed(channel, shown, before, self.world.ts()), MESSAGES[channel.kind])

    def remove(self, channel: Channel, message: Message) -> None:
        """A message goes; where it had replies a tombstone stays, and Slack tells of a change instead."""
        before = channel.shown_message(message)
        self.world.deleted.append(message)
        if len(channel.thread(message.ts)) > 1:
            left = Message(message.ts, channel.id, "USLACKBOT", "This message was deleted.", message.ts)
            left.subtype = "tombstone"
            channel.messages[message.ts] = left
            event = events.changed(channel, events.tombstone(before), before, self.world.ts())
        else:
            channel.messages.pop(message.ts, None)
            event = events.deleted(channel, before, self.world.ts())
        self._tell_in(channel, event, MESSAGES[channel.kind])

    def react(self, channel: Channel, message: Message, user: str, name: str) -> None:
        message.reactions.setdefault(name, []).append(user)
        event = events.reaction(channel, message, user, name, self.world.ts(), added=True)
        self._tell_in(channel, event, "reaction_added")

    def unreact(self, channel: Channel, message: Message, user: str, name: str) -> None:
        message.reactions[name].remove(user)
        if not message.reactions[name]:
            del message.reactions[name]
        event = events.reaction(channel, message, user, name, self.world.ts(), added=False)
        self._tell_in(channel, event, "reaction_removed")

    def join(self, channel: Channel, user: str) -> None:
        if user not in channel.members:
            channel.members.add(user)
            self._note(channel, user, JOINED, "has joined the channel")
            event = events.membership(channel, user, self.world.ts(), joined=True)
            self._tell_in(channel, event, "member_joined_channel")

    def leave(self, channel: Channel, user: str) -> None:
        channel.members.discard(user)
        if user == BOT_USER:
            kind = "channel_left" if channel.kind == "channel" else "group_left"
            self._tell({"type": kind, "channel": channel.id, "event_ts": self.world.ts()}, kind)
        else:
            self._note(channel, user, LEFT, "has left the channel")
            event = events.membership(channel, user, self.world.ts(), joined=False)
            self._tell_in(channel, event, "member_left_channel")

    def _note(self, channel: Channel, user: str, subtype: str, what: str) -> None:
        """The line that Slack itself writes into the channel, in the person's name."""
        line = Message(self.world.ts(), channel.id, user, f"<@{user}> {what}", subtype=subtype)
        channel.messages[line.ts] = line
        self.tell_message(channel, line)

    def archive(self, channel: Channel, user: str, archived: bool = True) -> None:
        kind = "channel" if channel.kind == "channel" else "group"
        name = f"{kind}_{'archive' if archived else 'unarchive'}"
        channel.archived = archived
        event = {"type": name, "channel": channel.id, "user": user, "event_ts": self.world.ts()}
        self._tell_in(channel, event, name)

    def open_home(self, user: str, tab: str) -> None:
        channel = self.world.im_with(user)
        home = self.world.homes.get(user)
        self._tell(events.home_opened(user, channel, tab, home, self.world.ts()), "app_home_opened")

    def uninstall(self) -> None:
        """The workspace's admin removes the app: it is told, and then its token is worth nothing."""
        self._tell({"type": "app_uninstalled", "event_ts": self.world.ts()}, "app_uninstalled")
        self._tell_revoked()
        self.token_error = "account_inactive"

    def revoke_tokens(self) -> None:
        self._tell_revoked()
        self.token_error = "token_revoked"

    def _tell_revoked(self) -> None:
        tokens = {"oauth": [], "bot": [BOT_USER]}
        self._tell({"type": "tokens_revoked", "tokens": tokens, "event_ts": self.world.ts()}, "tokens_revoked")

    def _tell_in(self, channel: Channel, event: Json, subscription: str) -> None:
        if channel.bot_is_in:
            self._tell(event, subscription, channel.ext_shared)

    def _tell(self, event: Json, subscription: str, ext_shared: bool = False) -> None:
        scope = EVENTS.get(subscription, "")
        subscribed = self.subscriptions is None or subscription in self.subscriptions
        if self.token_error or not subscribed or (scope and scope not in self.scopes):
            return
        payload = events.callback(event, self.clock.now(), ext_shared)
        if ext_shared:
            payload["context_team_id"] = TEAM
        self.deliveries.emit(payload)
