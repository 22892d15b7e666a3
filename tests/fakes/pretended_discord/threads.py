"""Threads: starting them, putting them away, and finding those that were.

Owns who may do that, and how the lists are paged. What is said in them is messages'.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_discord.about import check_name
from tests.fakes.pretended_discord.bodies import Body
from tests.fakes.pretended_discord.messages import note_mentions, reference_to, shown
from tests.fakes.pretended_discord.permissions import Permission, may
from tests.fakes.pretended_discord.refusals import Refused, complaint, missing_permissions
from tests.fakes.pretended_discord.routes import (
    Call,
    channel_of,
    guild_of,
    limit_of,
    message_of,
    route,
    snowflake_of,
)
from tests.fakes.pretended_discord.showing import shown_channel, shown_thread, thread_member
from tests.fakes.pretended_discord.world import HAS_THREAD, Channel, Json, Kind, Message, Said, Thread

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

P = Permission
ARCHIVED = "/channels/{channel}/threads/archived"
DURATIONS = (60, 1440, 4320, 10080)


def start_thread(
    discord: "FakeDiscord", parent: Channel, name: str, owner: str, kind: Kind, of: Message | None = None
) -> Channel:
    """`of`: the message that it hangs on, whose id it takes."""
    now = discord.clock.now()
    if parent.kind == Kind.NEWS and kind == Kind.PUBLIC_THREAD:
        kind = Kind.NEWS_THREAD
    channel = Channel(of.id if of else discord.world.snowflake(), name, kind, parent.guild, parent.id)
    channel.thread = Thread(owner, now, now, members={owner: now})
    discord.make_thread(channel)
    if of is not None:
        of.thread, of.flags = channel.id, of.flags | HAS_THREAD
        discord.change(of)
        starter = Message(discord.world.snowflake(), channel.id, of.author, now, kind=Said.THREAD_STARTER)
        starter.reference = reference_to(discord, of)
        discord.post(starter)
    elif kind != Kind.PRIVATE_THREAD and parent.kind != Kind.FORUM:
        told = Message(discord.world.snowflake(), parent.id, owner, now, name, Said.THREAD_CREATED)
        told.by_bot = owner == discord.world.bot.id
        told.reference = {"type": 0, "channel_id": channel.id, "guild_id": channel.guild}
        discord.post(told)
    return channel


@route("POST", "/channels/{channel}/messages/{message}/threads")
def start_with_message(discord: "FakeDiscord", call: Call) -> Any:
    world = discord.world
    parent = channel_of(world, call["channel"], P.CREATE_PUBLIC_THREADS)
    message = message_of(world, parent, call["message"])
    if message.thread in world.channels:
        raise Refused(400, 160004, "A thread has already been created for this message")
    if parent.guild is None or parent.thread or parent.kind not in (Kind.TEXT, Kind.NEWS):
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    check_name(call.json.get("name"))
    made = start_thread(discord, parent, call.json["name"], world.bot.id, Kind.PUBLIC_THREAD, message)
    return 201, shown_thread(world, made)


@route("POST", "/channels/{channel}/threads")
def start_without_message(discord: "FakeDiscord", call: Call) -> Any:
    world = discord.world
    if (forum := world.channels.get(call["channel"])) and forum.kind == Kind.FORUM:
        return 201, _start_in_forum(discord, call)
    kind = Kind(call.json.get("type", Kind.PRIVATE_THREAD))
    private = kind == Kind.PRIVATE_THREAD
    parent = channel_of(world, call["channel"], P.CREATE_PRIVATE_THREADS if private else P.CREATE_PUBLIC_THREADS)
    if parent.guild is None or parent.thread or parent.kind not in (Kind.TEXT, Kind.NEWS):
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    check_name(call.json.get("name"))
    made = start_thread(discord, parent, call.json["name"], world.bot.id, kind)
    return 201, shown_thread(world, made)


def _start_in_forum(discord: "FakeDiscord", call: Call) -> Json:
    """What is said first begins the thread, and has its id."""
    world = discord.world
    forum = channel_of(world, call["channel"], P.SEND_MESSAGES)
    check_name(call.json.get("name"))
    body = Body(call.json.get("message") or {}, call.files)
    body.must_say_something()
    made = start_thread(discord, forum, call.json["name"], world.bot.id, Kind.PUBLIC_THREAD)
    first = Message(made.id, made.id, world.bot.id, discord.clock.now(), by_bot=True)
    body.put_into(first)
    note_mentions(discord, made, first, body)
    discord.post(first)
    return shown_thread(world, made) | {"message": shown(discord, first)}


@route("PATCH", "/channels/{channel}")
def change(discord: "FakeDiscord", call: Call) -> Json:
    """A channel's name and topic; a thread's name, and whether it is put away."""
    world, data = discord.world, call.json
    place = channel_of(world, call["channel"])
    if "name" in data:
        check_name(data["name"])
    if not place.thread:
        channel_of(world, call["channel"], P.MANAGE_CHANNELS)
        place.name, place.topic = data.get("name", place.name), data.get("topic", place.topic)
        discord.change_channel(place)
        return shown_channel(world, place)
    _may_change_thread(discord, place, data)
    if data.get("auto_archive_duration", 60) not in DURATIONS:
        raise complaint("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {4320, 1440, 60, 10080}.")
    place.thread.auto_archive = data.get("auto_archive_duration", place.thread.auto_archive)
    place.name = data.get("name", place.name)
    discord.archive(place, data.get("archived", place.thread.archived), data.get("locked"))
    return shown_thread(world, place)


def _may_change_thread(discord: "FakeDiscord", place: Channel, data: Json) -> None:
    world, thread = discord.world, place.thread
    assert thread is not None
    manages = may(world, place, world.bot.id, P.MANAGE_THREADS)
    if thread.archived and data.get("archived") is not False:
        raise Refused(400, 50083, "Thread is archived")
    if manages:
        return
    reopens = data.keys() <= {"archived"} and data.get("archived") is False and not thread.locked
    if "locked" in data or (thread.owner != world.bot.id and not reopens) or thread.locked:
        raise missing_permissions()


def _page(discord: "FakeDiscord", found: list[Channel], more: bool) -> Json:
    me = discord.world.bot.id
    own = [thread_member(one, me) for one in found if one.thread and me in one.thread.members]
    return {"threads": [shown_thread(discord.world, one) for one in found], "members": own, "has_more": more}


@route("GET", "/guilds/{guild}/threads/active")
def active(discord: "FakeDiscord", call: Call) -> Json:
    guild, world = guild_of(discord.world, call["guild"]), discord.world
    found = [one for one in world.threads_of(guild) if may(world, one, world.bot.id, P.VIEW_CHANNEL)]
    page = _page(discord, sorted(found, key=lambda one: -int(one.id)), False)
    del page["has_more"]
    return page


def _archived(discord: "FakeDiscord", parent: Channel, private: bool) -> list[Channel]:
    assert parent.guild is not None
    every = discord.world.threads_of(discord.world.guilds[parent.guild], archived=True)
    return [one for one in every if one.parent == parent.id and one.is_private_thread == private]


def _by_time(discord: "FakeDiscord", call: Call, found: list[Channel]) -> Json:
    """The one put away last comes first; `before` is a time."""
    at = {one.id: datetime.fromtimestamp(one.thread.archived_at, UTC) for one in found if one.thread}
    if before := call.query.get("before"):
        try:
            until = datetime.fromisoformat(before)
        except ValueError:
            raise complaint("before", "DATE_TIME_TYPE_PARSE", f"Could not parse {before}.") from None
        found = [one for one in found if at[one.id] < until]
    limit = limit_of(call, 50, 100, 2)
    found.sort(key=lambda one: at[one.id], reverse=True)
    return _page(discord, found[:limit], len(found) > limit)


@route("GET", f"{ARCHIVED}/public")
def archived_public(discord: "FakeDiscord", call: Call) -> Json:
    parent = channel_of(discord.world, call["channel"], P.READ_MESSAGE_HISTORY)
    return _by_time(discord, call, _archived(discord, parent, False))


@route("GET", f"{ARCHIVED}/private")
def archived_private(discord: "FakeDiscord", call: Call) -> Json:
    parent = channel_of(discord.world, call["channel"], P.READ_MESSAGE_HISTORY, P.MANAGE_THREADS)
    return _by_time(discord, call, _archived(discord, parent, True))


@route("GET", "/channels/{channel}/users/@me/threads/archived/private")
def archived_joined(discord: "FakeDiscord", call: Call) -> Json:
    """Those the app is in; `before` is an id."""
    parent = channel_of(discord.world, call["channel"], P.READ_MESSAGE_HISTORY)
    before, limit = snowflake_of(call, "before"), limit_of(call, 50, 100, 2)
    own = [one for one in _archived(discord, parent, True) if one.thread and discord.world.bot.id in one.thread.members]
    own = [one for one in own if before is None or int(one.id) < before]
    own.sort(key=lambda one: -int(one.id))
    return _page(discord, own[:limit], len(own) > limit)


@route("PUT", "/channels/{channel}/thread-members/@me")
def join(discord: "FakeDiscord", call: Call) -> None:
    discord.join_thread(_thread(discord, call), discord.world.bot.id)


@route("DELETE", "/channels/{channel}/thread-members/@me")
def leave(discord: "FakeDiscord", call: Call) -> None:
    place = _thread(discord, call)
    assert place.thread is not None
    place.thread.members.pop(discord.world.bot.id, None)


def _thread(discord: "FakeDiscord", call: Call) -> Channel:
    place = channel_of(discord.world, call["channel"])
    if not place.thread:
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    if place.thread.archived:
        raise Refused(400, 50083, "Thread is archived")
    return place


@route("GET", "/channels/{channel}/thread-members")
def thread_members(discord: "FakeDiscord", call: Call) -> Any:
    place = channel_of(discord.world, call["channel"])
    return [thread_member(place, one) for one in place.thread.members] if place.thread else []
