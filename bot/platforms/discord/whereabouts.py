"""In which channel a message stands, also where the library does not know its thread.

Owns asking for threads that it has not seen: those that were archived when we came, until somebody writes there.
"""

from collections import OrderedDict

import discord

from bot.platforms.discord.client import Client

_REMEMBERED = 1000
_found: OrderedDict[int, object] = OrderedDict()


async def channel_of(client: Client, message: discord.Message) -> object:
    """The message's channel, as `payloads.place` takes it. Raises what Discord raises."""
    there = message.channel
    if not isinstance(there, discord.PartialMessageable) or message.guild is None:
        return there
    return await found(client, message.guild, there.id)


async def found(client: Client, guild: discord.Guild, channel: int) -> object:
    """A channel or a thread of a server. Raises what Discord raises."""
    known = guild.get_channel_or_thread(channel) or _found.get(channel)
    if known is None:
        known = _found[channel] = await client.fetch_channel(channel)
        while len(_found) > _REMEMBERED:
            _found.popitem(last=False)
    return known
