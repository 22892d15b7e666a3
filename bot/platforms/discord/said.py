"""A message in a server as it is collected: the text that an exporter's file of it would have.

Owns which messages are a person's own words. Asks Discord for names alone.
"""

import discord

from bot.chat.events import ChannelSeen, MemberSeen, Posted, Written
from bot.importers.discord_markup import plain, untyped
from bot.importers.discord_messages import is_gone, placed
from bot.importers.source import storable
from bot.platforms.discord.names import Names
from bot.platforms.discord.payloads import answered, is_said, workspace


def is_kept(message: discord.Message, me: int) -> bool:
    """Whether someone of the server said this, who is still there to agree or to take it back."""
    return is_said(message, me) and not is_gone(str(message.author.id), message.author.name)


async def written(
    message: discord.Message, guild: discord.Guild, channel: ChannelSeen, thread: str | None, names: Names
) -> Written | None:
    """None where it has no words, as what somebody forwards: those are someone else's."""
    known = await names.of(guild, [message.author, *message.mentions])
    text = storable(plain(message.content, _mentions(known), called=_called(guild))).strip()
    if not text:
        return None
    author = known[message.author.id]
    said = Posted(channel.id, str(message.id), author.id, message.created_at, text, edited_at=message.edited_at)
    answers = answered(message)
    return Written(
        workspace(guild),
        channel,
        author,
        placed(said, thread, str(answers) if answers is not None else None),
        named=[one for id, one in known.items() if id != message.author.id and not one.is_bot],
    )


def _mentions(known: dict[int, MemberSeen]):
    """A bot is nobody whose name must be forgotten."""
    bots = {one.id: untyped(one.name) for one in known.values() if one.is_bot}
    return lambda id: f"@{bots[id]}" if id in bots else f"<@member:{id}>"


def _called(guild: discord.Guild):
    def called(kind: str, id: str) -> str | None:
        found = guild.get_role(int(id)) if kind == "role" else guild.get_channel_or_thread(int(id))
        return found.name if found is not None else None

    return called
