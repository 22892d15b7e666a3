"""What is written in Discord's channels, as the neutral events of bot.chat.

Owns which of Discord's events tell of text. Keeps nothing.
"""

import discord

from bot.chat.events import Written
from bot.chat.platform import OnEvent
from bot.platforms.discord.client import Client
from bot.platforms.discord.hearing import SPOKEN
from bot.platforms.discord.payloads import member, place, posted, workspace


class Collected:
    def listen(self, client: Client, on_event: OnEvent) -> None:
        async def written(message: discord.Message) -> None:
            me = client.user
            if me is None or message.guild is None or message.author.bot or message.type not in SPOKEN:
                return
            channel, _ = place(message.channel)
            named = tuple(member(one) for one in message.mentions if not one.bot)
            said = posted(message, me.id)
            await on_event(Written(workspace(message.guild), channel, member(message.author), said, named=named))

        client.hear("message", written)
