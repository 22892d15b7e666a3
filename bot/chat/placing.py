"""Where an answer of the desk goes, whatever the network.

Owns what is done with each kind of answer, and how often a card that grows is shown. Knows no network.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from bot.chat.cards import Answer, Card, Form, Growing, Question, told
from db.words import say

EVERY_S = 5.0  # between two cards that replace each other


class Expired(Exception):
    """The network opens no dialog any more for what was pressed: it gives a moment, and that is over."""


class Place(Protocol):
    """`room` is how many cards may still be shown: where they replace each other many, else one after the first."""

    @property
    def room(self) -> int: ...

    async def show(self, card: Card) -> None: ...

    async def open(self, form: Form) -> None:
        """Raises Expired."""
        ...


async def put(
    place: Place,
    answer: Answer | None,
    ask: Callable[[Question], Awaitable[None]],
    instead: Place | None = None,
) -> None:
    """Show an answer in its place; `ask` puts a question to a persona. What `instead` is told has no other place."""
    match answer:
        case None:
            return
        case Card():
            await place.show(answer)
        case Form():
            try:
                await place.open(answer)
            except Expired:
                await (instead or place).show(told(too_late()))
        case Question():
            await ask(answer)
        case Growing():
            await grow(place, answer)


def too_late() -> str:
    return say("Your network waited too long to open this; please do the same again.")


async def grow(place: Place, growing: Growing) -> None:
    """The first card, the last, and some between: no more than the place has room for, and not one upon another."""
    clock = asyncio.get_running_loop().time
    due = clock()
    first, waits = True, None  # `waits` was not shown yet
    async with aclosing(growing.cards) as cards:
        async for card in cards:
            waits = card
            if first or (place.room > 1 and clock() >= due):
                await place.show(card)
                first, due, waits = False, clock() + EVERY_S, None
    if waits is not None:
        await place.show(waits)
