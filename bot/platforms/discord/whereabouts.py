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
    return await place_of(client, message.guild, there.id)


async def place_of(client: Client, guild: discord.Guild, id: int) -> object:
    """A guild's channel or thread by its id. Raises what Discord raises."""
    known = guild.get_channel_or_thread(id) or _found.get(id)
    if known is None:
        known = _found[id] = await client.fetch_channel(id)
        while len(_found) > _REMEMBERED:
            _found.popitem(last=False)
    return known
