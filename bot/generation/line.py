"""What stands between one who asks and an engine: a ticket, its news, and its place in the line.

Owns what every engine with a `Scheduler` tells those who wait and how they listen. Knows no model and no server:
an engine adds to the ticket what it needs to serve it.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import TypeVar

from bot.generation.engine import EngineBusy, EngineUnavailable, Finish, Piece, Request, Waiting
from bot.generation.scheduler import Scheduler
from db.words import later

News = Piece | Waiting | EngineBusy | EngineUnavailable
InLine = TypeVar("InLine", bound="Ticket")


@dataclass(eq=False, slots=True)
class Ticket:
    """A request in the engine, and the news for whoever asked. `deadline` is a reading of the engine's clock."""

    request: Request
    deadline: float | None
    news: asyncio.Queue[News] = field(default_factory=asyncio.Queue[News])
    place: int = 0


async def listen(ticket: Ticket) -> AsyncGenerator[Piece | Waiting]:
    """The news until every candidate has ended. Raises those that are errors."""
    speaking = ticket.request.candidates
    while speaking:
        news = await ticket.news.get()
        if isinstance(news, EngineBusy | EngineUnavailable):
            raise news
        speaking -= isinstance(news, Piece) and news.finish is not None
        yield news


def end_unserved(ticket: Ticket) -> None:
    """Its deadline passed before its turn came."""
    for candidate in range(ticket.request.candidates):
        ticket.news.put_nowait(Piece(candidate, "", Finish("deadline", 0, 0, 0.0, 0.0)))


def tell_places(scheduler: Scheduler[InLine]) -> None:
    """Everyone in line whose place has changed hears the new one."""
    for place, ticket in scheduler.places():
        if ticket.place != place:
            ticket.place = place
            ticket.news.put_nowait(Waiting(place))


def as_told(error: Exception) -> EngineBusy | EngineUnavailable:
    """What an engine promises to raise; a fault of ours must end a reply too."""
    if isinstance(error, EngineBusy | EngineUnavailable):
        return error
    unavailable = EngineUnavailable(
        later("The engine failed ({kind}: {error}); ask again.", kind=type(error).__name__, error=str(error))
    )
    unavailable.__cause__ = error
    return unavailable
