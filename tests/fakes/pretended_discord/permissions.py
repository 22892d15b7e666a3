"""Who may do what in which channel.

Owns the bits and how roles and overwrites make them up. Knows no route.
"""

from collections.abc import Iterable
from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.pretended_discord.world import Channel, Guild, World


class Permission(IntFlag):
    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


P = Permission
ALL = (1 << 53) - 1
EVERYONE = int(
    P.ADD_REACTIONS
    | P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.CONNECT
    | P.CHANGE_NICKNAME
    | P.USE_APPLICATION_COMMANDS
    | P.CREATE_PUBLIC_THREADS
    | P.CREATE_PRIVATE_THREADS
    | P.SEND_MESSAGES_IN_THREADS
)
# What goes with the right to write, where that is taken away.
WRITING = int(P.MENTION_EVERYONE | P.ATTACH_FILES | P.EMBED_LINKS)


def bits(*names: str | int) -> int:
    """Of names in any case, and of numbers: bits("view_channel", "send_messages")."""
    found = 0
    for name in names:
        found |= name if isinstance(name, int) else int(Permission[name.upper()])
    return found


def names_of(value: int) -> list[str]:
    return [one.name.lower() for one in Permission if one.name and value & one]


def in_guild(guild: "Guild", user: str) -> int:
    """What somebody may do wherever nothing else is said."""
    member = guild.members.get(user)
    if member is None:
        return 0
    if guild.owner == user:
        return ALL
    found = guild.everyone.permissions
    for role in member.roles:
        found |= guild.roles[role].permissions
    return ALL if found & P.ADMINISTRATOR else found


def permissions(world: "World", channel: "Channel", user: str) -> int:
    """What somebody may do in a channel, in a thread, or in a conversation of two."""
    if channel.guild is None:
        return EVERYONE if user in channel.recipients else 0
    guild = world.guilds[channel.guild]
    member = guild.members.get(user)
    if member is None:
        return 0
    found = in_guild(guild, user)
    if found == ALL:
        return ALL
    place = world.channels[channel.parent] if channel.thread and channel.parent else channel
    found = _overwritten(found, place, [guild.id])
    found = _overwritten(found, place, member.roles)
    found = _overwritten(found, place, [user])
    if not found & P.VIEW_CHANNEL:
        return 0
    if channel.thread and channel.is_private_thread and user not in channel.thread.members:
        found = found if found & P.MANAGE_THREADS else 0
    writes = P.SEND_MESSAGES_IN_THREADS if channel.thread else P.SEND_MESSAGES
    return found if found & writes else found & ~WRITING


def _overwritten(found: int, place: "Channel", ids: Iterable[str]) -> int:
    allow = deny = 0
    for one in ids:
        allowed, denied = place.overwrites.get(one, (0, 0))
        allow, deny = allow | allowed, deny | denied
    return (found & ~deny) | allow


def may(world: "World", channel: "Channel", user: str, *wanted: Permission) -> bool:
    held = permissions(world, channel, user)
    return all(held & one for one in wanted)
