"""Discord's objects as the neutral events of bot.chat.

Owns what is read out of them. Calls nothing.
"""

import discord

from bot.chat.events import ChannelSeen, MemberSeen, Posted, WorkspaceSeen
from bot.importers.discord_markup import plain

Channel = discord.abc.Messageable | discord.abc.GuildChannel | discord.abc.PrivateChannel


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


def words(message: discord.Message, me: int) -> str:
    """A message's text as people read it; bots are called by their names, and we are not mentioned at all."""
    bots = {str(one.id): one.display_name for one in message.mentions if one.bot}

    def spoken(id: str) -> str:
        if id == str(me):
            return ""
        return f"@{bots[id]}" if id in bots else f"<@member:{id}>"

    return plain(message.content, spoken).strip()


def posted(message: discord.Message, me: int) -> Posted:
    channel, thread = place(message.channel)
    reference = message.reference
    answers = reference is not None and reference.type is discord.MessageReferenceType.reply
    in_thread = thread if thread != str(message.id) else None
    return Posted(
        channel=channel.id,
        id=str(message.id),
        author=str(message.author.id),
        at=message.created_at,
        text=words(message, me),
        thread=thread,
        reply_to=str(reference.message_id) if answers and reference is not None else in_thread,
        edited_at=message.edited_at,
    )
