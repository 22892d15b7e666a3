"""Where an answer goes: as the first answer to an interaction, in its place later, or by the bot's own hand.

Owns the ways Discord offers, in which order, and what each of them refuses. Knows no command.
"""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import discord
import structlog

from bot.chat.cards import Button, Card, Form, Row, Text
from bot.platforms.discord import errors, forms
from bot.platforms.discord.calls import Asking
from bot.platforms.discord.custom_ids import Pressed, custom_id
from bot.platforms.discord.drawing import drawn
from bot.platforms.discord.forms import OPEN, Opened
from bot.platforms.discord.kept import FORMS
from db.words import say

log = structlog.get_logger()

_OVER = frozenset(
    {errors.UNKNOWN_INTERACTION, errors.UNKNOWN_WEBHOOK, errors.TOKEN_EXPIRED, errors.UNKNOWN_MESSAGE}
)  # nothing more can be said there
MANY = 100


class Answering:
    """What an interaction is answered with, once or as often as it changes.

    `replaces`: what was pressed is seen by the presser alone, so the answer takes its place. Past the quarter of an
    hour for which Discord lets it be answered, and where that was too late, the bot writes to them itself.
    """

    def __init__(self, asking: Asking, *, replaces: bool, workspace: str | None = None) -> None:
        self._asking, self._replaces = asking, replaces
        self.workspace = workspace  # of cards in direct messages
        self._thinks = False  # Discord shows that an answer comes
        self._over = False

    @property
    def room(self) -> int:
        return 1 if self._over else MANY

    async def defer(self) -> None:
        """Say in time that the answer comes later."""
        response = self._asking.response
        self._thinks = not self._replaces
        if self._replaces:
            await self._said(lambda: response.defer())
        else:
            await self._said(lambda: response.defer(ephemeral=True, thinking=True))

    async def show(self, card: Card) -> None:
        if card.private:
            await self._private(card)
        else:
            await self.public(**drawn(card, self.workspace))

    async def open(self, form: Form) -> None:
        """At once where Discord still opens dialogs for it; else by a button, which it does."""
        response = self._asking.response
        if not response.is_done() and self._asking.type is not discord.InteractionType.modal_submit:
            name = forms.name_of(form, self.workspace)
            FORMS[self._asking.user.id, name] = form
            if await self._said(lambda: response.send_modal(forms.modal(Opened(form), name))):
                return
        await self.show(_ready(form))

    async def reopen(self, token: str, opened: Opened) -> None:
        """A dialog that was kept, with what was filled in."""
        name = custom_id(Pressed(forms.PAGE, token, self.workspace))
        await self._said(lambda: self._asking.response.send_modal(forms.modal(opened, name)))

    async def nothing(self) -> None:
        """There is nothing to show."""
        response = self._asking.response
        if not response.is_done():
            self._thinks = self._asking.message is None
            await self._said(lambda: response.defer(ephemeral=True, thinking=self._thinks))
        if self._thinks:
            await self._said(self._asking.delete_original_response)
            self._thinks = False

    async def vanish(self) -> None:
        """What was pressed goes; only its presser saw it."""
        await self._said(lambda: self._asking.response.defer())
        await self._said(self._asking.delete_original_response)

    async def public(self, **message: Any) -> str | None:
        """A message for everyone there, its id; None where it could not be said by this way."""
        response = self._asking.response
        if not response.is_done():
            answered = await self._said(lambda: response.send_message(**message))
            id = getattr(answered, "message_id", None)
            return str(id) if id else None
        await self.nothing()
        sent = await self._said(lambda: self._asking.followup.send(**message, wait=True))
        return str(cast(discord.Message, sent).id) if isinstance(sent, discord.Message) else None

    async def _private(self, card: Card) -> None:
        message, response = drawn(card, self.workspace), self._asking.response
        if not self._over:
            if response.is_done():
                shown = await self._said(lambda: self._asking.edit_original_response(**message))
            elif self._replaces:
                shown = await self._said(lambda: response.edit_message(**message))
            else:
                shown = await self._said(lambda: response.send_message(**message, ephemeral=True))
            if shown or not self._over:
                self._thinks = False
                return
        await self._by_hand(card)

    async def _by_hand(self, card: Card) -> None:
        guild = self._asking.guild_id
        try:
            await self._asking.user.send(**drawn(card, str(guild) if guild else self.workspace))
        except discord.HTTPException as error:
            log.info("a member cannot be told in private", code=error.code)

    async def _said(self, say_it: Callable[[], Awaitable[object]]) -> object:
        """What Discord gave back, True where that is nothing; None where nothing can be said there any more.

        Whoever was answered already, by the same event that came twice, is told nothing anew.
        """
        try:
            return await say_it() or True
        except discord.HTTPException as error:
            self._over = error.code in _OVER
            if not self._over and error.code != errors.ANSWERED_ALREADY:
                raise
            log.info("Discord does not take this answer any more", code=error.code)
            return None


def _ready(form: Form) -> Card:
    token = forms.keep(Opened(form))
    return Card([Text(say("This is ready now.")), Row([Button(form.title, OPEN, token, "primary")])])
