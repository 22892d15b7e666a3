"""Who asks us, as Discord tells it.

Owns which messages ask for a reply. Keeps nothing.
"""

import discord

from bot.chat.events import Mention
from bot.chat.platform import OnEvent
from bot.platforms.discord.client import Client
from bot.platforms.discord.payloads import member, place, words, workspace

SPOKEN = (discord.MessageType.default, discord.MessageType.reply)


class Mentions:
    """Hands over each message that asks us."""

    def listen(self, client: Client, on_event: OnEvent) -> None:
        async def hear(message: discord.Message) -> None:
            me = client.user
            if me is None or message.author.bot or message.type not in SPOKEN or message.guild is None:
                return
            if me.id in message.raw_mentions or any(one.id == me.id for one in message.mentions):
                await on_event(_mention(message, message.guild, me.id))

        client.hear("message", hear)


def _mention(message: discord.Message, guild: discord.Guild, me: int) -> Mention:
    channel, thread = place(message.channel)
    people = tuple(member(one) for one in message.mentions if not one.bot and one.id != message.author.id)
    return Mention(
        workspace=workspace(guild),
        channel=channel,
        author=member(message.author),
        id=str(message.id),
        text=words(message, me),
        at=message.created_at,
        thread=thread,
        people=people,
    )
