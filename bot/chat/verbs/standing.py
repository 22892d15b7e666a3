"""The query of how the bot stands where somebody asks: who speaks there, who waits, who works, and what is paused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, query
from db import heartbeats, mentions, pauses, personas, runs
from db.members import ROLES
from db.models import Channel
from db.runs import RunSummary


@dataclass(frozen=True, slots=True)
class Standing:
    """`speaks` answers here, None when it must be named; `runs` have not ended; paused places by name, None: all.

    Members hear of no other channel than the one they ask in: they may not even know its name.
    """

    speaks: str | None
    waiting: int
    answering: int
    trainer: bool
    runs: Sequence[RunSummary]
    paused: Sequence[str | None]
    paused_here: bool


@query("member")
async def standing(session: AsyncSession, actor: Actor, channel: int | None) -> Standing:
    now = datetime.now(UTC)
    waiting, answering = await mentions.queue(session, now)
    paused = await pauses.places(session)
    if ROLES.index(actor.role) < ROLES.index("curator"):
        here = await session.get(Channel, channel) if channel is not None else None
        paused = [place for place in paused if place in (None, here and here.name)]
    return Standing(
        speaks=await _speaks(session, channel),
        waiting=waiting,
        answering=answering,
        trainer=bool(await heartbeats.alive(session, "trainer", now)),
        runs=[one for one in await runs.summaries(session) if one.run.status in runs.OPEN],
        paused=paused,
        paused_here=channel is not None and await pauses.hold(session, channel),
    )


async def _speaks(session: AsyncSession, channel_id: int | None) -> str | None:
    every = await personas.every(session)
    channel = await session.get(Channel, channel_id) if channel_id is not None else None
    chosen = [persona for persona in every if channel is not None and persona.id == channel.persona_id]
    speaking = chosen or every
    return speaking[0].name if len(speaking) == 1 else None
