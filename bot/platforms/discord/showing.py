"""How a reply comes to show in Discord: a post that is edited while it grows.

Owns single posts; the order of posting and remembering is that of bot.chat.replying.posting.
"""

from contextlib import suppress
from typing import Any, cast

import discord

from bot.chat.events import Thread
from bot.chat.platform import Draft, NotShown
from bot.chat.replying import posts
from bot.chat.replying.outgoing import quiet
from bot.chat.replying.posting import Gone, grow, refs_of
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.errors import told

LIMIT = 2000  # characters of a message
PACE_S = 1.5  # between two edits


class Replies:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def show(self, to: Thread, draft: Draft) -> str:
        return await grow(self, to, draft, split=lambda text: posts.split(text, LIMIT), pace_s=PACE_S)

    async def find(self, to: Thread, nonce: str) -> str | None:
        return None

    async def tell(self, to: Thread, sentence: str) -> None:
        with suppress(discord.HTTPException, NotShown):
            await self._channel(to).send(quiet(sentence), reference=_question(to))

    async def post(self, to: Thread, text: str, nonce: str) -> str:
        try:
            sent = await self._channel(to).send(quiet(text), nonce=nonce, reference=_question(to))
        except discord.HTTPException as error:
            raise told(error) from error
        return str(sent.id)

    async def edit(self, to: Thread, ref: str, text: str) -> None:
        try:
            await self._channel(to).get_partial_message(int(ref)).edit(content=quiet(text))
        except discord.HTTPException as error:
            raise told(error) from error

    async def remove(self, to: Thread, ref: str) -> None:
        for one in filter(None, refs_of(ref)):
            with suppress(Gone):
                try:
                    await self._channel(to).get_partial_message(int(one)).delete()
                except discord.HTTPException as error:
                    raise told(error) from error

    def _channel(self, to: Thread) -> discord.PartialMessageable:
        return self._connection.client.get_partial_messageable(int(to.thread or to.channel))


def _question(to: Thread) -> Any:
    return cast(Any, discord.MessageReference(message_id=int(to.message), channel_id=int(to.channel)))
