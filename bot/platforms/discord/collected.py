"""What is written in Discord's channels, as the neutral events of bot.chat.

Owns which of Discord's events tell of text, or that it is gone. Of direct messages nothing is handed over but that one
is gone; of threads that not everybody may read, nothing at all. Keeps nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

import discord

from bot.chat.events import ChannelSeen, Erased, Left, Missed, Renamed, WorkspaceSeen
from bot.chat.platform import OnEvent
from bot.platforms.discord import said
from bot.platforms.discord.client import Client
from bot.platforms.discord.names import Names
from bot.platforms.discord.payloads import place, workspace
from bot.platforms.discord.whereabouts import channel_of, found


class Collected:
    def __init__(self, names: Names) -> None:
        self._names = names

    def listen(self, client: Client, on_event: OnEvent) -> None:
        hearing = _Hearing(client, on_event, self._names)
        client.hear("message", hearing.written)
        client.hear("raw_message_edit", hearing.edited)
        client.hear("raw_message_delete", hearing.deleted)
        client.hear("raw_bulk_message_delete", hearing.many_deleted)
        client.hear("raw_thread_delete", hearing.thread_deleted)
        client.hear("guild_channel_delete", hearing.channel_deleted)
        client.hear("guild_channel_update", hearing.channel_changed)
        client.hear("guild_role_update", hearing.role_changed)
        client.hear("member_update", hearing.member_changed)
        client.hear("guild_update", hearing.guild_changed)
        client.hear("guild_remove", hearing.thrown_out)


class _Hearing:
    """One client's events, handed over: each server's in order, so that a thread begins with its first message."""

    def __init__(self, client: Client, on_event: OnEvent, names: Names) -> None:
        self._client, self._on_event, self._names = client, on_event, names
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def written(self, message: discord.Message) -> None:
        await self._said(message, message.guild)

    async def edited(self, payload: discord.RawMessageUpdateEvent) -> None:
        """That Discord adds a link's picture, or that somebody pins it, is no edit."""
        message = payload.message
        if message.edited_at is not None:
            await self._said(message, message.guild)

    async def _said(self, message: discord.Message, guild: discord.Guild | None) -> None:
        me = self._client.user
        hears = self._client.intents.message_content  # without it every word we are given was said to us
        if not hears or guild is None or me is None or not said.is_kept(message, me.id):
            return
        async with self._turns[guild.id]:
            await self._take(message, guild)

    async def _take(self, message: discord.Message, guild: discord.Guild) -> None:
        try:
            where = await channel_of(self._client, message)
        except discord.NotFound:
            return
        if isinstance(where, discord.Thread) and where.is_private():
            return
        channel, thread = place(where)
        written = await said.written(message, guild, channel, thread, self._names)
        if written is not None:
            await self._on_event(written)
        elif message.edited_at is not None:  # not a word is left of what it said
            await self._on_event(Erased(workspace(guild), channel.id, [str(message.id)]))

    async def deleted(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._erased(payload.guild_id, payload.channel_id, [str(payload.message_id)])

    async def many_deleted(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._erased(payload.guild_id, payload.channel_id, [str(one) for one in sorted(payload.message_ids)])

    async def _erased(self, guild_id: int | None, channel_id: int, ids: Sequence[str]) -> None:
        if guild_id is None:  # no event tells whose direct message it was, and so of which server: each may have it
            for guild in self._client.guilds:
                await self._on_event(Erased(workspace(guild), str(channel_id), ids))
        elif (guild := self._client.get_guild(guild_id)) is not None:
            async with self._turns[guild.id]:
                with suppress(discord.NotFound, discord.Forbidden):  # with its place, of which we are told as well
                    where = await found(self._client, guild, channel_id)
                    await self._on_event(Erased(workspace(guild), place(where)[0].id, ids))

    async def thread_deleted(self, payload: discord.RawThreadDeleteEvent) -> None:
        guild = self._client.get_guild(payload.guild_id)
        if guild is not None:
            gone = Erased(workspace(guild), str(payload.parent_id), thread=str(payload.thread_id))
            async with self._turns[guild.id]:
                await self._on_event(gone)

    async def channel_deleted(self, channel: discord.abc.GuildChannel) -> None:
        await self._on_event(Erased(workspace(channel.guild), str(channel.id)))

    async def channel_changed(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        if before.name != after.name:
            await self._on_event(Renamed(workspace(after.guild), ChannelSeen(str(after.id), after.name)))
        if before.overwrites != after.overwrites and _ours_in(before) != _ours_in(after):
            await self._sees_otherwise()

    async def role_changed(self, before: discord.Role, after: discord.Role) -> None:
        if before.permissions != after.permissions and after in after.guild.me.roles:
            await self._sees_otherwise()

    async def member_changed(self, before: discord.Member, after: discord.Member) -> None:
        if after.id == after.guild.me.id and before.roles != after.roles:
            await self._sees_otherwise()

    async def _sees_otherwise(self) -> None:
        """We may see more than before, or less: reading again brings what we missed, or says why we cannot."""
        await self._on_event(Missed("discord"))

    async def guild_changed(self, before: discord.Guild, after: discord.Guild) -> None:
        if before.name != after.name:
            await self._on_event(Renamed(WorkspaceSeen("discord", str(after.id), after.name)))

    async def thrown_out(self, guild: discord.Guild) -> None:
        """Also when the server is deleted; one that is merely out of reach is no such event."""
        await self._on_event(Left(workspace(guild)))


def _ours_in(channel: discord.abc.GuildChannel) -> tuple[bool, bool, bool]:
    """What we may do there that reading needs."""
    may = channel.permissions_for(channel.guild.me)
    return may.view_channel, may.read_message_history, may.connect
