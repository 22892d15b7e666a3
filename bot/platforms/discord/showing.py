"""How a reply comes to show in Discord: a post that is edited while it grows.

Owns single posts and what stands under the whole; the order of posting and remembering is that of
bot.chat.replying.posting.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

import aiohttp
import discord
import structlog

from bot.chat import texts
from bot.chat.events import Thread
from bot.chat.platform import Draft, NotShown
from bot.chat.replying.posting import Gone, grow, refs_of
from bot.platforms.discord.drawing import view_of
from bot.platforms.discord.errors import NO_HISTORY
from bot.platforms.discord.saying import content, ending, once, split
from bot.platforms.discord.thinking import Thinking
from bot.platforms.discord.wire import Wire, place_of

log = structlog.get_logger()

PACE_S = 1.5  # between two changes
GROWING_S = 4.0  # for a change on the way; the last word does not wait for it any longer


class Showing:
    """A network of posts (bot.chat.replying.posting) for one draft alone."""

    def __init__(self, wire: Wire, thinking: Thinking, to: Thread, draft: Draft) -> None:
        self._wire, self._thinking, self._to, self._draft = wire, thinking, to, draft
        self._question = _question(to)
        self._refs = refs_of(draft.shown)
        self._whole: list[str] | None = None  # the posts that it ends as
        self._behind: set[str] = set()  # posts that may say less than they should
        self._complete: str | None = None  # the post under which everything stands that should
        self._stop_thinking: Callable[[], None] = lambda: None

    async def show(self) -> str:
        async with self._thinking.shown(self._to) as self._stop_thinking, aclosing(self._heard()) as pieces:
            draft = replace(self._draft, pieces=pieces)
            ref = await grow(self, self._to, draft, split=split, pace_s=PACE_S, may_grow=self._may_grow)
        await self._finish(refs_of(ref))
        return ref

    async def _heard(self) -> AsyncGenerator[str]:
        text = ""
        async for piece in self._draft.pieces:
            text += piece
            yield piece
        self._whole = split(text if text.strip() else texts.EMPTY)

    def _may_grow(self) -> bool:
        return self._wire.pace.has_room(place_of(self._to))

    # --- What bot.chat.replying.posting asks for.

    async def post(self, to: Thread, text: str, nonce: str) -> str:
        place = len(self._refs)
        said: dict[str, Any] = {"content": content(text), "nonce": once(to, nonce), "suppress_embeds": True}
        said |= self._under(place, text)

        async def send(channel: discord.PartialMessageable) -> str:
            self._stop_thinking()
            try:
                return str((await channel.send(**said, reference=self._question)).id)
            except discord.HTTPException as error:
                if error.code != NO_HISTORY:
                    raise
            self._question = None  # by the name alone it is found again, as long as Discord knows that
            return str((await channel.send(**said)).id)

        ref = await self._wire.call(to, send, self._draft.ours)
        self._refs.append(ref)
        self._complete = ref if self._is_last(place) else self._complete
        return ref

    async def edit(self, to: Thread, ref: str, text: str) -> None:
        if self._whole is None:
            await self._grown(ref, text)
        else:
            await self._changed(ref, text)

    async def remove(self, to: Thread, ref: str) -> None:
        await erase(self._wire, to, ref)

    # --- Changes.

    async def _grown(self, ref: str, text: str) -> None:
        """That a change on the way fails is no harm: the last one says it all."""
        self._behind.add(ref)
        try:
            async with asyncio.timeout(GROWING_S):
                await self._changed(ref, text)
        except (TimeoutError, OSError, aiohttp.ClientError, discord.DiscordException) as error:
            log.info("a reply could not be shown growing", why=repr(error))

    async def _changed(self, ref: str, text: str) -> None:
        place = self._refs.index(ref)
        said: dict[str, Any] = {"content": content(text)} | self._under(place, text)
        if self._whole is not None and not self._is_last(place) and self._draft.shown is not None:
            said["view"] = None  # it may have been the last one

        async def change(channel: discord.PartialMessageable) -> None:
            await channel.get_partial_message(int(ref)).edit(**said)

        await self._wire.call(self._to, change, self._draft.ours)
        self._behind.discard(ref)
        self._complete = ref if self._is_last(place) else self._complete

    def _is_last(self, place: int) -> bool:
        return self._whole is not None and place == len(self._whole) - 1

    def _under(self, place: int, text: str) -> dict[str, Any]:
        """What stands under the last post, and the text with it."""
        if not self._is_last(place):
            return {}
        said: dict[str, Any] = {"content": content(text, ending(self._draft.kind, self._to.persona))}
        return said | ({"view": view_of(self._draft.actions, self._to.workspace)} if self._draft.actions else {})

    async def _finish(self, refs: list[str]) -> None:
        """Each post says what it should, and under the last one stands what belongs there."""
        whole = self._whole or []
        self._refs = refs
        for place, (ref, text) in enumerate(zip(refs, whole, strict=False)):
            if ref and (ref in self._behind or (self._is_last(place) and ref != self._complete)):
                with suppress(Gone, NotShown):
                    await self._changed(ref, text)


class Replies:
    """What is shown, found and taken back."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._thinking = wire, Thinking(wire)

    async def show(self, to: Thread, draft: Draft) -> str:
        return await Showing(self._wire, self._thinking, to, draft).show()

    async def remove(self, to: Thread, ref: str) -> None:
        for one in filter(None, refs_of(ref)):
            with suppress(Gone):
                await erase(self._wire, to, one)


async def erase(wire: Wire, to: Thread, ref: str) -> None:
    """Take a post away. Raises Gone, NotShown, and what passes."""

    async def delete(channel: discord.PartialMessageable) -> None:
        await channel.get_partial_message(int(ref)).delete()

    await wire.call(to, delete)


def _question(to: Thread) -> Any:
    """Every post of an answer answers the question: by that it is found again. To one that was deleted Discord takes
    no answer. Where we may not read what was written before, it takes none at all: answers stand for themselves there.
    """
    return discord.MessageReference(message_id=int(to.message), channel_id=int(place_of(to)))
