"""The same prompt, answered by the base, by what is live and by a candidate.

Owns nothing but the side by side. Knows no network and no model.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.trying import Trial, request_of
from bot.chat.verbs.authority import Actor, query
from bot.generation.engine import Piece, Request
from bot.live_adapters import LiveAdapters, LiveVoice
from db import adapters, personas
from db.models import Adapter, Persona
from db.session import Sessions


@dataclass(frozen=True, slots=True)
class Compared:
    prompt: str
    who: str  # for programs: "base", "adapter 3 (live)", "adapter 4"
    answers: list[str]
    number: int | None = None  # the adapter's; None: the bare base
    live: bool = False


@query("curator")
async def speakers(
    session: AsyncSession, actor: Actor, persona: str, numbers: list[int]
) -> tuple[Persona, list[tuple[str, Adapter | None]]]:
    """Who is compared: the base, what is live, and `numbers` (none: the newest candidate).

    Raises NoSuchPersona, NoSuchAdapter, NotAllowed.
    """
    found = await personas.named(session, persona)
    every = await adapters.of(session, found.id)
    chosen = [await adapters.numbered(session, found, number) for number in numbers] or [
        adapter for adapter in every if adapter.state == "candidate"
    ][:1]
    live = [adapter for adapter in every if adapter.id == found.live_adapter_id]
    named: dict[str, Adapter | None] = {"base": None}
    for adapter in (*live, *chosen):
        suffix = " (live)" if adapter.id == found.live_adapter_id else ""
        named[f"adapter {adapter.number}{suffix}"] = adapter
    return found, list(named.items())


async def compare(
    sessions: Sessions,
    actor: Actor,
    live: LiveAdapters,
    persona: str,
    prompts: list[str],
    *,
    numbers: list[int],
    candidates: int,
    seed: int,
) -> AsyncGenerator[Compared]:
    """Each prompt by each speaker with the same seed, as they come.

    Raises NoSuchPersona, NoSuchAdapter, RecipeRefused, engine errors.
    """
    found, who = await speakers(sessions, actor, persona, numbers)
    for prompt in prompts or found.prompts:
        request = request_of(found, Trial(found.name, prompt, candidates=candidates, sampling={"seed": seed}))
        for name, adapter in who:
            async with _voice(live, found, adapter) as voice:
                answers = await _answers(voice, request)
                number, speaks = (adapter.number, adapter.id == found.live_adapter_id) if adapter else (None, False)
                yield Compared(prompt, name, answers, number, speaks)


@asynccontextmanager
async def _voice(live: LiveAdapters, persona: Persona, adapter: Adapter | None) -> AsyncGenerator[LiveVoice]:
    if adapter is None:
        async with live.base(persona) as voice:
            yield voice
        return
    async with live.borrowed(persona, adapter) as voice:
        yield voice


async def _answers(voice: LiveVoice, request: Request) -> list[str]:
    said = [""] * request.candidates
    async for piece in voice.engine.generate(replace(request, adapter=voice.adapter)):
        if isinstance(piece, Piece):
            said[piece.candidate] += piece.text
    return said
