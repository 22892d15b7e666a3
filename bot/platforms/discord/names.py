"""What people are called in a server, where Discord does not say so beside what they wrote.

Owns asking about each once in a while. Keeps nothing.
"""

from collections.abc import Iterable

import discord

from bot.chat.events import MemberSeen
from bot.platforms.discord.kept import Remembered
from bot.platforms.discord.payloads import member

BELIEVED_S = 3600.0
_REMEMBERED = 10_000


class Names:
    def __init__(self) -> None:
        self._known: Remembered[tuple[int, int], MemberSeen] = Remembered(_REMEMBERED, BELIEVED_S)

    async def of(self, guild: discord.Guild, people: Iterable[discord.abc.User]) -> dict[int, MemberSeen]:
        """By their ids; who has left is called as everywhere. Raises what Discord raises in passing."""
        found: dict[int, MemberSeen] = {}
        for one in people:
            if one.id not in found:
                found[one.id] = await self._of(guild, one)
        return found

    async def _of(self, guild: discord.Guild, user: discord.abc.User) -> MemberSeen:
        if isinstance(user, discord.Member):  # events say it
            return self._remember(guild, member(user))
        if (known := self._known.get((guild.id, user.id))) is not None:
            return known
        try:
            return self._remember(guild, member(await guild.fetch_member(user.id)))
        except discord.NotFound:
            return self._remember(guild, member(user))

    def _remember(self, guild: discord.Guild, seen: MemberSeen) -> MemberSeen:
        self._known[(guild.id, int(seen.id))] = seen
        return seen
