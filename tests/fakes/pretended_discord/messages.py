"""channels/…/messages: reading, writing, changing and deleting.

Owns who may do that where. What a message may hold stands in bodies.
"""

from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_discord.bodies import Body
from tests.fakes.pretended_discord.permissions import Permission, may
from tests.fakes.pretended_discord.pings import mentioned
from tests.fakes.pretended_discord.refusals import Refused, complaint, missing_permissions, unknown
from tests.fakes.pretended_discord.routes import (
    Bucket,
    Call,
    channel_of,
    limit_of,
    message_of,
    route,
    snowflake_of,
)
from tests.fakes.pretended_discord.said import shown_message
from tests.fakes.pretended_discord.showing import stamp
from tests.fakes.pretended_discord.world import (
    EPHEMERAL,
    EPOCH_MS,
    SUPPRESS_EMBEDS,
    WRITTEN,
    Channel,
    Json,
    Kind,
    Message,
    Said,
)

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

P = Permission
NONCE_S = 180.0
FORTNIGHT_S = 14 * 86400.0
MESSAGES = "/channels/{channel}/messages"
ONE = "/channels/{channel}/messages/{message}"


def shown(discord: "FakeDiscord", message: Message, *, nonce: bool = False) -> Json:
    return shown_message(discord.world, message, full=discord.world.app.message_content, nonce=nonce)


def writable(discord: "FakeDiscord", channel: str) -> Channel:
    """Where the app may write."""
    world = discord.world
    place = channel_of(world, channel)
    if place.kind in (Kind.CATEGORY, Kind.FORUM):
        raise Refused(400, 50008, "Cannot send messages in a non-text channel")
    if place.guild is None and not _takes_dms(discord, place):
        raise Refused(403, 50007, "Cannot send messages to this user")
    if not may(world, place, world.bot.id, P.SEND_MESSAGES_IN_THREADS if place.thread else P.SEND_MESSAGES):
        raise missing_permissions()
    must_be_unlocked(discord, place)
    return place


def must_be_unlocked(discord: "FakeDiscord", place: Channel) -> None:
    """Nobody but who manages threads takes a locked one out again, or says anything in it."""
    if place.thread and place.thread.locked and not may(discord.world, place, discord.bot_id, P.MANAGE_THREADS):
        raise Refused(403, 160005, "Thread is locked")


def must_be_open(channel: Channel) -> None:
    """For what does not bring an archived thread back."""
    if channel.thread and channel.thread.archived:
        raise Refused(400, 50083, "Thread is archived")


def _takes_dms(discord: "FakeDiscord", place: Channel) -> bool:
    """Whoever lets it in, and is with it in a guild."""
    world = discord.world
    user = next(one for one in place.recipients if one != world.bot.id)
    together = any(user in one.members and world.bot.id in one.members for one in world.guilds.values())
    return world.users[user].takes_dms and together


@route("GET", MESSAGES)
def history(discord: "FakeDiscord", call: Call) -> Any:
    """The newest first, whichever end is asked for."""
    channel = channel_of(discord.world, call["channel"])
    limit = limit_of(call, 50, 100)
    if channel.guild and not may(discord.world, channel, discord.world.bot.id, P.READ_MESSAGE_HISTORY):
        return []
    every = sorted(channel.messages.values(), key=lambda one: int(one.id))
    before, after, around = (snowflake_of(call, name) for name in ("before", "after", "around"))
    if before is not None:
        found = [one for one in every if int(one.id) < before][-limit:]
    elif after is not None:
        found = [one for one in every if int(one.id) > after][:limit]
    elif around is not None:
        older = [one for one in every if int(one.id) < around][-(limit // 2) :]
        found = older + [one for one in every if int(one.id) >= around][: limit - len(older)]
    else:
        found = every[-limit:]
    return [shown(discord, one) for one in reversed(found)]


@route("GET", ONE)
def one_message(discord: "FakeDiscord", call: Call) -> Json:
    channel = channel_of(discord.world, call["channel"], P.READ_MESSAGE_HISTORY)
    return shown(discord, message_of(discord.world, channel, call["message"]))


@route("POST", MESSAGES, bucket=Bucket("message", 5, 5.0))
def post(discord: "FakeDiscord", call: Call) -> Json:
    world, data = discord.world, call.json
    channel = writable(discord, call["channel"])
    body = Body(data, call.files)
    body.must_say_something()
    needed = [(P.EMBED_LINKS, body.embeds), (P.ATTACH_FILES, call.files)]
    if any(wanted and not may(world, channel, world.bot.id, permission) for permission, wanted in needed):
        raise missing_permissions()
    nonce = _nonce(data)
    if nonce is not None and data.get("enforce_nonce") and (known := _posted(discord, str(nonce))):
        return shown(discord, known, nonce=True)
    message = Message(world.snowflake(), channel.id, world.bot.id, discord.clock.now(), by_bot=True, nonce=nonce)
    answered = _refer(discord, channel, message, data.get("message_reference"))
    body.put_into(message)
    message.flags &= ~EPHEMERAL  # which only answers to interactions can be
    note_mentions(discord, channel, message, body, answered)
    if nonce is not None:
        world.nonces[(world.bot.id, str(nonce))] = (discord.clock.now(), message)
    return shown(discord, discord.post(message), nonce=True)


def note_mentions(
    discord: "FakeDiscord", channel: Channel, message: Message, body: Body, answered: str | None = None
) -> None:
    """Whom it names, and whom it would notify; an edit adds to the latter."""
    found = mentioned(discord.world, channel, message.author, body.texts(), body.allowed, answered)
    found.put_into(message)


def _nonce(data: Json) -> str | int | None:
    nonce = data.get("nonce")
    if isinstance(nonce, str) and len(nonce) > 25:
        raise complaint("nonce", "NONCE_TYPE_TOO_LONG", "Invalid nonce length. Must be 25 or fewer in length.")
    return nonce


def _posted(discord: "FakeDiscord", nonce: str) -> Message | None:
    """What the app posted under this nonce in the last minutes."""
    at, message = discord.world.nonces.get((discord.world.bot.id, nonce), (0.0, None))
    return message if message and discord.clock.now() - at < NONCE_S else None


def _refer(discord: "FakeDiscord", channel: Channel, message: Message, reference: Json | None) -> str | None:
    """Make it an answer; whose message it answers."""
    if not reference:
        return None
    world = discord.world
    if channel.guild and not may(world, channel, world.bot.id, P.READ_MESSAGE_HISTORY):
        raise Refused(400, 160002, "Cannot reply without permission to read message history")
    found = channel.messages.get(str(reference.get("message_id")))
    if found is None:
        if reference.get("fail_if_not_exists", True):
            raise complaint("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return None
    if found.kind not in WRITTEN:
        said = "Cannot reply to a system message"
        raise complaint("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", said)
    message.kind = Said.REPLY
    message.reference = reference_to(discord, found)
    return found.author


def reference_to(discord: "FakeDiscord", message: Message) -> Json:
    body = {"type": 0, "message_id": message.id, "channel_id": message.channel}
    guild = discord.world.channels[message.channel].guild
    return body | ({"guild_id": guild} if guild else {})


@route("PATCH", ONE, bucket=Bucket("edit", 5, 5.0))
def edit(discord: "FakeDiscord", call: Call) -> Json:
    channel = channel_of(discord.world, call["channel"])
    message = message_of(discord.world, channel, call["message"])
    data = call.json
    if not message.by_bot:
        moderates = may(discord.world, channel, discord.world.bot.id, P.MANAGE_MESSAGES)
        if moderates and set(data) <= {"flags", "tts"}:  # a moderator may hide embeds
            message.flags = (message.flags & ~SUPPRESS_EMBEDS) | (data.get("flags", 0) & SUPPRESS_EMBEDS)
            discord.change(message)
            return shown(discord, message)
        raise Refused(403, 50005, "Cannot edit a message authored by another user")
    must_be_open(channel)
    must_be_unlocked(discord, channel)
    return shown(discord, rewrite(discord, message, Body(data, call.files, message)))


def rewrite(discord: "FakeDiscord", message: Message, body: Body) -> Message:
    """Change what the app said, and say so."""
    body.put_into(message)
    message.edited = discord.clock.now()
    message.versions.append(message.content)
    if body.content is not None or body.clears_content:
        note_mentions(discord, discord.world.channels[message.channel], message, body)
    discord.change(message)
    return message


@route("DELETE", ONE)
def delete(discord: "FakeDiscord", call: Call) -> None:
    channel = channel_of(discord.world, call["channel"])
    message = message_of(discord.world, channel, call["message"])
    if not message.by_bot:
        if channel.guild is None:
            raise Refused(403, 50003, "Cannot execute action on a DM channel")
        if not may(discord.world, channel, discord.world.bot.id, P.MANAGE_MESSAGES):
            raise missing_permissions()
    must_be_open(channel)
    discord.remove(channel, message)


@route("POST", "/channels/{channel}/messages/bulk-delete")
def bulk_delete(discord: "FakeDiscord", call: Call) -> None:
    channel = channel_of(discord.world, call["channel"], P.MANAGE_MESSAGES)
    wanted = [str(one) for one in call.json.get("messages", [])]
    if not 2 <= len(wanted) <= 100:
        raise complaint("messages", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    oldest = min(((int(one) >> 22) + EPOCH_MS) / 1000 for one in wanted)
    if discord.clock.now() - oldest > FORTNIGHT_S:
        raise Refused(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    discord.remove(channel, *(channel.messages[one] for one in wanted if one in channel.messages))


@route("POST", "/channels/{channel}/typing")
def typing(discord: "FakeDiscord", call: Call) -> None:
    channel = writable(discord, call["channel"])
    channel.typed.append(discord.clock.now())


@route("GET", "/channels/{channel}/messages/pins")
def pins(discord: "FakeDiscord", call: Call) -> Json:
    channel = channel_of(discord.world, call["channel"], P.READ_MESSAGE_HISTORY)
    found = [one for one in channel.messages.values() if one.pinned]
    items = [{"pinned_at": stamp(one.at), "message": shown(discord, one)} for one in reversed(found)]
    return {"items": items, "has_more": False}


@route("PUT", "/channels/{channel}/messages/pins/{message}")
def pin(discord: "FakeDiscord", call: Call) -> None:
    channel = channel_of(discord.world, call["channel"], P.PIN_MESSAGES)
    message = message_of(discord.world, channel, call["message"])
    if not message.pinned:
        discord.pin(message, discord.world.bot.id)


@route("DELETE", "/channels/{channel}/messages/pins/{message}")
def unpin(discord: "FakeDiscord", call: Call) -> None:
    channel = channel_of(discord.world, call["channel"], P.PIN_MESSAGES)
    message = message_of(discord.world, channel, call["message"])
    if not message.pinned:
        raise unknown("Message")
    message.pinned = False
    discord.change(message)
    discord.pins_changed(channel)
