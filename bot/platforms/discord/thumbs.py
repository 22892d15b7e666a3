"""Reactions that judge what the bot posted.

Owns which reactions those are, and that those of one after another are handed over in order. Whether a post is a reply
at all, whoever keeps thumbs knows.
"""

import asyncio
from collections.abc import Awaitable, Callable

import discord

from bot.chat.events import Cleared, MemberSeen, Thumbed, WorkspaceSeen
from bot.chat.platform import OnEvent
from bot.platforms.discord.client import Client
from bot.platforms.discord.payloads import member, place, workspace
from bot.platforms.discord.whereabouts import found

_UP = frozenset("👍❤😍🎉👏🙌💯")
_DOWN = frozenset("👎")
_TONES = dict.fromkeys([0xFE0F, *range(0x1F3FB, 0x1F400)])  # what only says how an emoji looks

Reaction = discord.RawReactionActionEvent
Gone = discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent


class Thumbs:
    """`home` is the server of somebody who reacts in direct messages."""

    def __init__(self, home: Callable[[int], Awaitable[discord.Guild | None]]) -> None:
        self._home = home
        self._turns = asyncio.Lock()

    def listen(self, client: Client, on_event: OnEvent) -> None:
        async def reacted(raw: Reaction) -> None:
            async with self._turns:
                if (thumb := await self._thumb(client, raw)) is not None:
                    await on_event(thumb)

        async def cleared(raw: Gone) -> None:
            async with self._turns:
                if (gone := await _cleared(client, raw)) is not None:
                    await on_event(gone)

        for event in ("raw_reaction_add", "raw_reaction_remove"):
            client.hear(event, reacted)
        for event in ("raw_reaction_clear", "raw_reaction_clear_emoji"):
            client.hear(event, cleared)

    async def _thumb(self, client: Client, raw: Reaction) -> Thumbed | None:
        """None for those that judge nothing, and those on what others wrote."""
        value, me = value_of(raw.emoji), client.user
        if value is None or me is None or raw.user_id == me.id or raw.message_author_id not in (None, me.id):
            return None
        guild = client.get_guild(raw.guild_id) if raw.guild_id else await self._home(raw.user_id)
        if guild is None:
            return None
        channel = await _channel(client, guild, raw.channel_id) if raw.guild_id else str(raw.channel_id)
        who = member(raw.member) if raw.member is not None else MemberSeen(str(raw.user_id), "")
        on = raw.event_type == "REACTION_ADD"
        return Thumbed(workspace(guild), channel, str(raw.message_id), who, value, on, raw.emoji.name)


async def _cleared(client: Client, raw: Gone) -> Cleared | None:
    emoji = raw.emoji if isinstance(raw, discord.RawReactionClearEmojiEvent) else None
    guild = client.get_guild(raw.guild_id or 0)  # in direct messages nobody takes away what others gave
    if guild is None or (emoji is not None and value_of(emoji) is None):
        return None
    seen: WorkspaceSeen = workspace(guild)
    channel = await _channel(client, guild, raw.channel_id)
    return Cleared(seen, channel, str(raw.message_id), emoji.name if emoji is not None else None)


async def _channel(client: Client, guild: discord.Guild, channel: int) -> str:
    return place(await found(client, guild, channel))[0].id


def value_of(emoji: discord.PartialEmoji) -> int | None:
    """1, -1 or nothing, whatever the skin's colour. A server's own emoji mean nothing that we know."""
    if emoji.id is not None:
        return None
    plain = emoji.name.translate(_TONES)
    return 1 if plain in _UP else -1 if plain in _DOWN else None
