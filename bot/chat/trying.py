"""Trying a persona out: what it would say, by whom, drawn how, with nothing kept.

Owns the request that a trial makes. A trial is no reply: there is no row, no context but what was said in it. Knows no
page.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.replying.reply import sampling_of
from bot.chat.verbs.authority import Actor, query
from bot.generation.engine import Piece, Request, Waiting
from bot.live_adapters import LiveAdapters
from db import personas
from db.models import Persona
from db.recipe import sampling_from
from db.session import Sessions
from db.transcript import Line, Turn, turns

Speaker = Literal["live", "base"]

_ASKER = 0  # nobody's row: one person speaks, so no label is shown


@dataclass(frozen=True, slots=True)
class Trial:
    """`said` are earlier questions and their answers; `sampling` is what differs from the persona's own.

    `plain` goes on with `asked` as it stands, without turns and system prompt.
    """

    persona: str
    asked: str
    said: Sequence[tuple[str, str]] = ()
    plain: bool = False
    candidates: int = 1
    sampling: Mapping[str, Any] = field(default_factory=dict[str, Any])


@query("curator")
async def tried_on(session: AsyncSession, actor: Actor, name: str) -> Persona:
    """Raises NoSuchPersona, NotAllowed."""
    return await personas.named(session, name)


async def tried(
    sessions: Sessions, actor: Actor, live: LiveAdapters, trial: Trial, who: Speaker
) -> AsyncGenerator[Piece | Waiting]:
    """What `who` says, as it comes. Raises NoSuchPersona, RecipeRefused, NotAllowed, and what engines raise."""
    persona = await tried_on(sessions, actor, trial.persona)
    request = request_of(persona, trial)
    async with (
        live.voice(persona) if who == "live" else live.base(persona) as voice,
        aclosing(voice.engine.generate(replace(request, adapter=voice.adapter))) as pieces,
    ):
        async for piece in pieces:
            yield piece


def request_of(persona: Persona, trial: Trial) -> Request:
    """What an engine is asked for, of the bare base. Raises RecipeRefused."""
    changed = {**persona.sampling, **trial.sampling}
    plain = trial.plain or persona.shape == "text"
    return Request(
        turns=_turns(persona, trial, plain),
        sampling=sampling_of(sampling_from(persona.preset, changed)),
        candidates=trial.candidates,
        shape="text" if plain else "chat",
        plain=plain and persona.shape == "chat",
    )


def _turns(persona: Persona, trial: Trial, plain: bool) -> list[Turn]:
    if plain:
        return [{"role": "user", "content": trial.asked}]
    lines: list[Line] = []
    for asked, answered in trial.said:
        lines += [Line(_ASKER, asked), Line(None, answered)]
    return turns([*lines, Line(_ASKER, trial.asked)], None, {}, persona.system_prompt)
