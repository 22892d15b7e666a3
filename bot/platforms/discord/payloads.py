"""Discord's objects as the neutral events of bot.chat.

Owns what is read out of them. Calls nothing.
"""

import re
from collections.abc import Collection

import discord

from bot.chat.events import ChannelSeen, MemberSeen, Posted, WorkspaceSeen
from bot.importers.discord_markup import plain

SPOKEN = (discord.MessageType.default, discord.MessageType.reply)  # what a person's words come under


def workspace(guild: discord.Guild) -> WorkspaceSeen:
    return WorkspaceSeen("discord", str(guild.id), guild.name)


def member(user: discord.abc.User) -> MemberSeen:
    return MemberSeen(str(user.id), user.display_name, user.bot)


def place(channel: object) -> tuple[ChannelSeen, str | None]:
    """The channel, and the thread where it is one: a thread belongs to the channel it was begun in."""
    if isinstance(channel, discord.Thread):
        parent = channel.parent.name if channel.parent is not None else ""
        return ChannelSeen(str(channel.parent_id), parent), str(channel.id)
    if isinstance(channel, discord.DMChannel):
        return ChannelSeen(str(channel.id), "", direct=True), None
    found = str(getattr(channel, "id", ""))
    return ChannelSeen(found, getattr(channel, "name", None) or ""), None


def is_said(message: discord.Message, me: int) -> bool:
    """Whether a person wrote this, and not a bot, a webhook, Discord itself, or us."""
    author = message.author
    return message.type in SPOKEN and not author.bot and message.webhook_id is None and author.id != me


def answered(message: discord.Message) -> int | None:
    """The message that this one is a reply to; a forwarded one is none."""
    reference = message.reference
    if reference is None or reference.type is not discord.MessageReferenceType.reply:
        return None
    return reference.message_id


def calls(message: discord.Message, me: int) -> bool:
    """Whether it mentions us, or the role that came with us."""
    if me in message.raw_mentions or any(one.id == me for one in message.mentions):
        return True
    return any(role in message.raw_role_mentions for role in _our_roles(message)) or any(
        role.id in _our_roles(message) for role in message.role_mentions
    )


def _our_roles(message: discord.Message) -> Collection[int]:
    role = message.guild.self_role if message.guild is not None else None
    return () if role is None else (role.id,)


def words(message: discord.Message, me: int) -> str:
    """A message's text as people read it; bots are called by their names, and our mention goes wherever it stands."""
    bots = {str(one.id): one.display_name for one in message.mentions if one.bot}

    def spoken(id: str) -> str:
        return f"@{bots[id]}" if id in bots else f"<@member:{id}>"

    called = "|".join([rf"@!?{me}", *(rf"@&{role}" for role in _our_roles(message))])
    text = re.sub(rf"^\s*<(?:{called})>[\s:,、，]*", "", message.content)
    return plain(re.sub(rf"[^\S\n]*<(?:{called})>", "", text), spoken).strip()


def posted(message: discord.Message, me: int) -> Posted:
    channel, thread = place(message.channel)
    in_thread = thread if thread != str(message.id) else None
    reply_to = answered(message)
    return Posted(
        channel=channel.id,
        id=str(message.id),
        author=str(message.author.id),
        at=message.created_at,
        text=words(message, me),
        thread=thread,
        reply_to=str(reply_to) if reply_to is not None else in_thread,
        edited_at=message.edited_at,
    )
