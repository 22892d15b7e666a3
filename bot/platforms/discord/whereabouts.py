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
    known = message.guild.get_channel_or_thread(there.id) or _found.get(there.id)
    if known is None:
        known = _found[there.id] = await client.fetch_channel(there.id)
        while len(_found) > _REMEMBERED:
            _found.popitem(last=False)
    return known
