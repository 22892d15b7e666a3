"""Who is there and what was said: auth.*, team.*, users.*, bots.*, conversations.*, reactions.*.

Owns paging and what the bot may see. Knows nothing of posting.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.fakes.pretended_slack.methods import SPECIAL, Refused, joined, method, needs_scope, page, truth, visible
from tests.fakes.pretended_slack.world import APP, BOT, BOT_USER, KINDS, TEAM, Channel, Json, Message

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

_ROOMS = {"channel": "channels", "group": "groups", "im": "im"}


def _scope(channel: Channel, what: str) -> str:
    return f"{_ROOMS[channel.kind]}:{what}"


@method("api.test", "", "error", tier=4)
def api_test(slack: "FakeSlack", args: Json) -> Json:
    if args.get("error"):
        raise Refused(args["error"], args=args)
    return {"args": args}


@method("auth.test", "", "", tier=SPECIAL)
def auth_test(slack: "FakeSlack", args: Json) -> Json:
    team = {"team": slack.world.team_name, "team_id": TEAM, "url": f"https://{slack.world.team_domain}.slack.com/"}
    return team | {"user": "yamabiko", "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": False}


@method("auth.revoke", "", "test", tier=3)
def auth_revoke(slack: "FakeSlack", args: Json) -> Json:
    if truth(args.get("test")):
        return {"revoked": False}
    slack.token_error = "token_revoked"
    return {"revoked": True}


@method("apps.connections.open", "", "", tier=1, app_token=True)
def connections_open(slack: "FakeSlack", args: Json) -> Json:
    return {"url": slack.deliveries.sockets.ticket(slack.port)}


@method("bots.info", "", "bot", scope="users:read", tier=3)
def bots_info(slack: "FakeSlack", args: Json) -> Json:
    if args.get("bot") != BOT:
        raise Refused("bot_not_found")
    known = {"id": BOT, "deleted": False, "name": "yamabiko", "updated": 0, "app_id": APP, "user_id": BOT_USER}
    return {"bot": known | {"icons": {}}}


@method("team.info", "", "team domain include_slackbot_availability", scope="team:read", tier=3)
def team_info(slack: "FakeSlack", args: Json) -> Json:
    if args.get("team") not in (None, TEAM):
        raise Refused("team_not_found")
    domain = slack.world.team_domain
    return {"team": {"id": TEAM, "name": slack.world.team_name, "domain": domain, "email_domain": "", "icon": {}}}


@method("users.info", "user", "include_locale", scope="users:read", tier=4)
def users_info(slack: "FakeSlack", args: Json) -> Json:
    user = slack.world.users.get(args["user"])
    if user is None:
        raise Refused("user_not_found")
    return {"user": user.shown(truth(args.get("include_locale")))}


@method("users.list", "", "cursor include_locale limit", scope="users:read", tier=2)
def users_list(slack: "FakeSlack", args: Json) -> Json:
    everybody = [one.shown(truth(args.get("include_locale"))) for one in slack.world.users.values()]
    members, cursor = page(everybody, args, default=200, most=1000)
    return {"members": members, "cache_ts": 0, "response_metadata": cursor}


@method("conversations.info", "channel", "include_locale include_num_members", tier=3)
def conversations_info(slack: "FakeSlack", args: Json) -> Json:
    channel = visible(slack, args["channel"])
    needs_scope(slack, _scope(channel, "read"))
    return {"channel": channel.shown()}


@method("conversations.list", "", "cursor exclude_archived limit types", tier=2)
def conversations_list(slack: "FakeSlack", args: Json) -> Json:
    return _listed(slack, args, lambda channel: channel.kind == "channel" or channel.bot_is_in)


@method("users.conversations", "", "cursor exclude_archived limit types user", tier=3)
def users_conversations(slack: "FakeSlack", args: Json) -> Json:
    wanted = args.get("user") or BOT_USER
    return _listed(slack, args, lambda channel: {wanted, BOT_USER} <= channel.members)


def _listed(slack: "FakeSlack", args: Json, belongs: Callable[[Channel], bool]) -> Json:
    types = str(args.get("types") or "public_channel").split(",")
    if unknown := set(types) - {*KINDS.values(), "mpim"}:
        raise Refused("invalid_types", f"[ERROR] unknown types: {sorted(unknown)}")
    for kind, type_ in KINDS.items():
        if type_ in types:
            needs_scope(slack, f"{_ROOMS[kind]}:read")
    shown = [
        channel.shown()
        for channel in slack.world.channels.values()
        if KINDS[channel.kind] in types
        and belongs(channel)
        and not (channel.archived and truth(args.get("exclude_archived")))
    ]
    channels, cursor = page(shown, args, default=100, most=1000)
    return {"channels": channels, "response_metadata": cursor}


@method("conversations.members", "channel", "cursor limit", tier=4)
def conversations_members(slack: "FakeSlack", args: Json) -> Json:
    channel = visible(slack, args["channel"])
    needs_scope(slack, _scope(channel, "read"))
    members, cursor = page(sorted(channel.members), args, default=100, most=1000)
    return {"members": members, "response_metadata": cursor}


@method("conversations.open", "", "channel return_im users", scope="im:write", tier=3)
def conversations_open(slack: "FakeSlack", args: Json) -> Json:
    if args.get("channel"):
        channel = visible(slack, args["channel"])
    else:
        users = str(args.get("users") or "").split(",")
        if users == [""]:
            raise Refused("users_list_not_supplied")
        if len(users) > 1:
            raise Refused("method_not_supported_for_channel_type")
        if users[0] not in slack.world.users:
            raise Refused("user_not_found")
        channel = slack.world.im_with(users[0])
    shown = channel.shown() if truth(args.get("return_im")) else {"id": channel.id}
    return {"channel": shown, "no_op": True, "already_open": True}


@method("conversations.join", "channel", scope="channels:join", tier=3)
def conversations_join(slack: "FakeSlack", args: Json) -> Json:
    channel = visible(slack, args["channel"])
    if channel.kind != "channel":
        raise Refused("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refused("is_archived")
    already = channel.bot_is_in
    slack.join(channel, BOT_USER)
    return {"channel": channel.shown()} | ({"warning": "already_in_channel"} if already else {})


@method("conversations.leave", "channel", scope="channels:manage groups:write", tier=3)
def conversations_leave(slack: "FakeSlack", args: Json) -> Json:
    channel = visible(slack, args["channel"])
    if not channel.bot_is_in:
        return {"not_in_channel": True}
    slack.leave(channel, BOT_USER)
    return {}


@method("conversations.history", "channel", "cursor inclusive include_all_metadata latest limit oldest", tier=3)
def conversations_history(slack: "FakeSlack", args: Json) -> Json:
    channel = _readable(slack, args["channel"])
    roots = [one for one in channel.messages.values() if _at_top(one)]
    found = sorted((one for one in roots if _within(one, args)), key=lambda one: one.ts, reverse=True)
    some, cursor = page(found, args, default=100, most=slack.page_at_most)
    messages = _shown(channel, some, args)
    more = bool(cursor["next_cursor"])
    return {"messages": messages, "has_more": more, "pin_count": 0} | ({"response_metadata": cursor} if more else {})


@method("conversations.replies", "channel ts", "cursor inclusive include_all_metadata latest limit oldest", tier=3)
def conversations_replies(slack: "FakeSlack", args: Json) -> Json:
    channel = _readable(slack, args["channel"])
    asked = channel.messages.get(str(args["ts"]))
    if asked is None:
        raise Refused("thread_not_found")
    root = asked.thread_ts or asked.ts
    # The parent is there whatever the window of time.
    thread = [one for one in channel.thread(root) if one.ts == root or _within(one, args)]
    some, cursor = page(thread, args, default=1000, most=slack.page_at_most)
    messages = _shown(channel, some, args)
    more = bool(cursor["next_cursor"])
    return {"messages": messages, "has_more": more} | ({"response_metadata": cursor} if more else {})


def _shown(channel: Channel, messages: list[Message], args: Json) -> list[Json]:
    replies: defaultdict[str | None, list[Message]] = defaultdict(list)
    for one in channel.messages.values():
        if one.thread_ts != one.ts:
            replies[one.thread_ts].append(one)
    full = truth(args.get("include_all_metadata"))
    return [channel.shown_message(one, full, replies[one.ts]) for one in messages]


def _readable(slack: "FakeSlack", channel_id: str) -> Channel:
    channel = joined(slack, channel_id)
    needs_scope(slack, _scope(channel, "history"))
    return channel


def _at_top(message: Message) -> bool:
    return message.thread_ts in (None, message.ts) or message.subtype == "thread_broadcast"


def _within(message: Message, args: Json) -> bool:
    """Between oldest and latest; exactly there only if asked for."""
    at, inclusive = float(message.ts), truth(args.get("inclusive"))
    oldest, latest = args.get("oldest"), args.get("latest")
    if oldest and (at < float(oldest) or (at == float(oldest) and not inclusive)):
        return False
    return not (latest and (at > float(latest) or (at == float(latest) and not inclusive)))


@method("reactions.add", "channel name timestamp", scope="reactions:write", tier=3)
def reactions_add(slack: "FakeSlack", args: Json) -> Json:
    channel, message = _reacted(slack, args)
    if channel.archived:
        raise Refused("is_archived")
    if BOT_USER in message.reactions.get(args["name"], []):
        raise Refused("already_reacted")
    slack.react(channel, message, BOT_USER, args["name"])
    return {}


@method("reactions.remove", "name channel timestamp", "file file_comment", scope="reactions:write", tier=2)
def reactions_remove(slack: "FakeSlack", args: Json) -> Json:
    channel, message = _reacted(slack, args)
    if BOT_USER not in message.reactions.get(args["name"], []):
        raise Refused("no_reaction")
    slack.unreact(channel, message, BOT_USER, args["name"])
    return {}


@method("reactions.get", "channel timestamp", "file file_comment full", scope="reactions:read", tier=3)
def reactions_get(slack: "FakeSlack", args: Json) -> Json:
    channel, message = _reacted(slack, args)
    return {"type": "message", "channel": channel.id, "message": channel.shown_message(message)}


def _reacted(slack: "FakeSlack", args: Json) -> tuple[Channel, Message]:
    channel = joined(slack, args["channel"])
    message = channel.messages.get(str(args["timestamp"]))
    if message is None:
        raise Refused("message_not_found")
    return channel, message
