"""Personas: named personalities, and the one function that changes what is live."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.coded import shown
from db.models import Activation, Adapter, Channel, Persona, PersonaSource, PersonaVoice
from db.names import called
from db.words import say


class NoSuchPersona(Exception):
    """There is no such persona; `yamabiko persona list` shows them."""


class PersonaExists(Exception):
    """A persona of this name is there already; choose another name."""


class LiveChanged(Exception):
    """Someone else changed what is live in the meantime; look again and repeat."""


class CannotGoLive(Exception):
    """This adapter must not speak; the message says why."""


async def named(session: AsyncSession, name: str) -> Persona:
    """However its name is typed. Raises NoSuchPersona."""
    found = await _called(session, name)
    if not found:
        raise NoSuchPersona(say("There is no persona {name!r}; `yamabiko persona list` shows them.", name=name))
    return found[0]


async def ever(session: AsyncSession) -> bool:
    """Whether there is or was any persona."""
    return await session.scalar(select(Persona.id).limit(1)) is not None


async def every(session: AsyncSession) -> list[Persona]:
    return list(await session.scalars(select(Persona).where(Persona.deleted_at.is_(None)).order_by(Persona.name)))


async def _called(session: AsyncSession, name: str) -> list[Persona]:
    living = await session.scalars(select(Persona).where(Persona.deleted_at.is_(None)))
    return called(name, living.all(), lambda persona: persona.name)


async def add(session: AsyncSession, persona: Persona) -> Persona:
    """Raises PersonaExists."""
    if taken := await _called(session, persona.name):
        raise PersonaExists(say("There is a persona {persona!r} already; choose another name.", persona=taken[0].name))
    session.add(persona)
    await session.flush()
    return persona


async def set_sources(session: AsyncSession, persona: Persona, channel_ids: Iterable[int]) -> None:
    await session.execute(delete(PersonaSource).where(PersonaSource.persona_id == persona.id))
    session.add_all(PersonaSource(persona_id=persona.id, channel_id=channel) for channel in dict.fromkeys(channel_ids))
    await session.flush()


async def set_voices(session: AsyncSession, persona: Persona, member_ids: Iterable[int]) -> None:
    """Whose messages the persona learns; no members means the community's voice."""
    await session.execute(delete(PersonaVoice).where(PersonaVoice.persona_id == persona.id))
    members = list(dict.fromkeys(member_ids))
    persona.voice = "members" if members else "community"
    session.add_all(PersonaVoice(persona_id=persona.id, member_id=member) for member in members)
    await session.flush()


async def sources(session: AsyncSession, persona_id: int) -> list[Channel]:
    return list(
        await session.scalars(
            select(Channel)
            .join(PersonaSource, PersonaSource.channel_id == Channel.id)
            .where(PersonaSource.persona_id == persona_id)
            .order_by(Channel.name)
        )
    )


async def voices(session: AsyncSession, persona_id: int) -> set[int]:
    return set(await session.scalars(select(PersonaVoice.member_id).where(PersonaVoice.persona_id == persona_id)))


async def activate(
    session: AsyncSession,
    persona: Persona,
    adapter: Adapter | None,
    *,
    expected: int | None,
    by: str,
    why: str,
    now: datetime,
) -> Activation:
    """Make `adapter` (None: the bare base) live, provided that `expected` still is; so does a rollback.

    Raises CannotGoLive for another persona's, a tainted or a deleted adapter, LiveChanged when someone came
    first.
    """
    if adapter is not None:
        _refuse_unfit(persona, adapter)
    changed = await session.execute(
        update(Persona)
        .where(Persona.id == persona.id, Persona.live_adapter_id.is_not_distinct_from(expected))
        .values(live_adapter_id=adapter.id if adapter else None)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise LiveChanged(
            say("What is live for {persona} changed in the meantime; look again and repeat.", persona=persona.name)
        )
    persona.live_adapter_id = adapter.id if adapter else None
    activation = Activation(
        persona_id=persona.id,
        adapter_id=persona.live_adapter_id,
        previous_adapter_id=expected,
        by=by,
        why=why,
        at=now,
    )
    session.add(activation)
    await session.flush()
    return activation


def _refuse_unfit(persona: Persona, adapter: Adapter) -> None:
    if adapter.persona_id != persona.id:
        raise CannotGoLive(
            say(
                "Adapter {number} belongs to another persona than {persona}.",
                number=adapter.number,
                persona=persona.name,
            )
        )
    if adapter.state in ("tainted", "deleted"):
        raise CannotGoLive(
            say(
                "Adapter {number} is {state} and cannot speak any more.",
                number=adapter.number,
                state=shown("adapter state", adapter.state),
            )
        )
    if adapter.base != persona.base:
        raise CannotGoLive(
            say(
                "Adapter {number} was trained on {trained_on}, but {persona} stands on {base}; train it again.",
                number=adapter.number,
                trained_on=adapter.base,
                persona=persona.name,
                base=persona.base,
            )
        )


async def activations(session: AsyncSession, persona_id: int) -> list[Activation]:
    """Newest first."""
    return list(
        await session.scalars(
            select(Activation).where(Activation.persona_id == persona_id).order_by(Activation.id.desc())
        )
    )
