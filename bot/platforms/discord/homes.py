"""In which of the bot's servers a person is who writes to it in private: nothing in a direct message tells that.

Owns asking Discord and remembering it for a while. Keeps nothing.
"""

import time
from collections import OrderedDict

import discord

from bot.platforms.discord.client import Client
from bot.platforms.discord.connection import Connection

HOME_S = 3600.0  # for which a home is believed
NONE_S = 60.0  # and that there is none: people join
_REMEMBERED = 10_000


class Homes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[int, tuple[float, int | None]] = OrderedDict()

    async def of(self, user_id: int) -> discord.Guild | None:
        """The first of the bot's guilds in which they are, the same one each time; None where they share none.

        Raises NotReached, and what Discord raises in passing.
        """
        client = self._connection.client
        until, home = self._known.get(user_id, (0.0, None))
        if time.monotonic() < until:
            found = client.get_guild(home) if home is not None else None
            if found is not None or home is None:
                return found
        found = await self._asked(user_id, sorted(client.guilds, key=lambda guild: guild.id))
        lasts = HOME_S if found is not None else NONE_S
        self._known[user_id] = (time.monotonic() + lasts, found.id if found is not None else None)
        self._known.move_to_end(user_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def _asked(self, user_id: int, guilds: list[discord.Guild]) -> discord.Guild | None:
        for guild in guilds:
            try:
                await guild.fetch_member(user_id)
            except (discord.NotFound, discord.Forbidden):
                continue
            return guild
        return None


async def still_in(client: Client, guild: int, member: int) -> discord.Guild | None:
    """The guild that a card in direct messages is of, while its reader is in it: those who left decide nothing."""
    found = client.get_guild(guild)
    if found is None:
        return None
    try:
        await found.fetch_member(member)
    except discord.NotFound:
        return None
    return found
