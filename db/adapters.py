"""Adapters: the numbered weights of a persona."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Adapter, Persona, Run
from db.words import say


class NoSuchAdapter(Exception):
    """The persona has no such adapter; `yamabiko adapters PERSONA` shows them."""


async def add(
    session: AsyncSession,
    run: Run,
    *,
    base: str,
    folder: str,
    sha256: str,
    figures: dict[str, Any],
    now: datetime,
) -> Adapter:
    """The run's weights as the persona's next candidate. The run has a dataset."""
    assert run.dataset_id is not None
    last = await session.scalar(select(func.max(Adapter.number)).where(Adapter.persona_id == run.persona_id))
    adapter = Adapter(
        persona_id=run.persona_id,
        number=(last or 0) + 1,
        run_id=run.id,
        dataset_id=run.dataset_id,
        base=base,
        folder=folder,
        sha256=sha256,
        figures=figures,
        created_at=now,
    )
    session.add(adapter)
    await session.flush()
    return adapter


async def numbered(session: AsyncSession, persona: Persona, number: int) -> Adapter:
    """Raises NoSuchAdapter."""
    found = await session.scalar(select(Adapter).where(Adapter.persona_id == persona.id, Adapter.number == number))
    if found is None:
        raise NoSuchAdapter(
            say(
                "{persona} has no adapter {number}; `yamabiko adapters {persona}` shows them.",
                persona=persona.name,
                number=number,
            )
        )
    return found


async def of(session: AsyncSession, persona_id: int) -> list[Adapter]:
    """A persona's adapters, newest first."""
    return list(
        await session.scalars(select(Adapter).where(Adapter.persona_id == persona_id).order_by(Adapter.number.desc()))
    )


async def by_id(session: AsyncSession, ids: Iterable[int]) -> dict[int, Adapter]:
    rows = await session.scalars(select(Adapter).where(Adapter.id.in_(set(ids))))
    return {adapter.id: adapter for adapter in rows}
