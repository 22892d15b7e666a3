"""How messages look in Discord's JSON, and what of them the app may read.

Owns the rule of the message-content intent: without it other people's words are empty, on the gateway and in REST,
unless they are said to the app. Knows no route.
"""

from tests.fakes.pretended_discord.permissions import permissions
from tests.fakes.pretended_discord.showing import shown_member, shown_thread, shown_user, stamp
from tests.fakes.pretended_discord.world import HAS_THREAD, Json, Message, Said, World

WITH_REFERENCE = (Said.REPLY, Said.THREAD_STARTER, Said.CONTEXT_MENU)


def readable(world: World, message: Message) -> bool:
    """Without the message-content intent."""
    channel = world.channels[message.channel]
    return message.by_bot or channel.guild is None or world.bot.id in message.mentions


def shown_message(world: World, message: Message, *, full: bool, nested: bool = True, nonce: bool = False) -> Json:
    """`full`: the app may read everything; `nonce`: it is told only to whom sends, and as the message is created."""
    open_to_app = full or readable(world, message)
    body: Json = {"id": message.id, "channel_id": message.channel, "type": int(message.kind), "tts": False}
    body |= {"author": shown_author(world, message), "timestamp": stamp(message.at), "pinned": message.pinned}
    body |= {"edited_timestamp": stamp(message.edited) if message.edited else None, "flags": message.flags}
    body |= {"mention_everyone": message.mention_everyone, "mention_roles": message.mention_roles}
    body |= {"mentions": [_mentioned(world, message, one) for one in message.mentions]}
    body |= {"content": message.content if open_to_app else ""}
    for key in ("embeds", "components", "attachments"):
        body[key] = getattr(message, key) if open_to_app else []
    if message.reactions:
        body["reactions"] = [shown_reaction(world, message, one) for one in message.reactions]
    if message.nonce is not None and nonce:
        body["nonce"] = message.nonce
    if message.webhook:
        body |= {"webhook_id": message.webhook, "application_id": message.webhook}
    elif message.by_bot:
        body["application_id"] = world.app.id
    if message.interaction:
        body["interaction_metadata"] = message.interaction
    if message.reference:
        body["message_reference"] = message.reference
    if nested and message.kind in WITH_REFERENCE and message.reference:
        body["referenced_message"] = _referenced(world, message.reference, full)
    if message.flags & HAS_THREAD and message.id in world.channels:
        body["thread"] = shown_thread(world, world.channels[message.id])
    if (place := world.channels[message.channel]).thread:
        body["position"] = list(place.messages).index(message.id) if message.id in place.messages else 0
    return body


def told_message(world: World, message: Message, *, full: bool, nonce: bool = False) -> Json:
    """As the gateway tells it: with where it is, and who its author is there."""
    body = shown_message(world, message, full=full, nonce=nonce)
    guild = world.channels[message.channel].guild
    if guild:
        body["guild_id"] = guild
        member = world.guilds[guild].members.get(message.author)
        if member and not message.webhook:
            body["member"] = shown_member(world, member, with_user=False)
    return body


def shown_author(world: World, message: Message) -> Json:
    return shown_user(world.users[message.author])


def shown_reaction(world: World, message: Message, emoji: str) -> Json:
    users = message.reactions[emoji]
    body: Json = {"emoji": shown_emoji(emoji), "count": len(users), "me": world.bot.id in users, "me_burst": False}
    return body | {"count_details": {"burst": 0, "normal": len(users)}, "burst_colors": []}


def shown_emoji(emoji: str) -> Json:
    """Unicode has no id; a guild's own is written name:id."""
    name, _, number = emoji.partition(":")
    if number.isdecimal():
        return {"id": number, "name": name, "animated": False}
    return {"id": None, "name": emoji}


def _mentioned(world: World, message: Message, user: str) -> Json:
    body = shown_user(world.users[user])
    guild = world.channels[message.channel].guild
    member = world.guilds[guild].members.get(user) if guild else None
    return body | ({"member": shown_member(world, member, with_user=False)} if member else {})


def _referenced(world: World, reference: Json, full: bool) -> Json | None:
    found = world.message(reference["channel_id"], reference.get("message_id", ""))
    return shown_message(world, found, full=full, nested=False) if found else None


def heard_by_bot(world: World, channel: str) -> bool:
    """Whether the gateway tells of what is said there at all."""
    place = world.channels[channel]
    if place.guild is None:
        return world.bot.id in place.recipients
    return bool(permissions(world, place, world.bot.id))
