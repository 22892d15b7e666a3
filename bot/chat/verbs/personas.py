"""Verbs on personas: create, list, show, edit, delete."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, authorise, query, verb
from db import adapters, audit, channels, members, personas, runs, workspaces
from db.coded import BASE_CHANGED
from db.models import Persona
from db.models.personas import Shape
from db.recipe import SHAPE_OF, recipe_from, sampling_from
from db.session import Sessions, reading
from db.words import listed, say

FIRST = "yamabiko"
# Without its name, of which a small model makes the language it should speak, or a religion.
FIRST_SYSTEM_PROMPT = "You are a friendly member of this community. Answer in one or two sentences."
DEFAULT_SYSTEM_PROMPT = "You are {name}, a member of this community. Answer in its way of speaking."


@dataclass(frozen=True, slots=True)
class Wishes:
    """What someone wants of a persona; None leaves a thing as it is (or at its default).

    `recipe` and `sampling` hold only what differs from the preset; `voices` are members' names, none for the
    community's voice.
    """

    base: str | None = None
    preset: str | None = None
    system_prompt: str | None = None
    sources: Sequence[str] | None = None
    voices: Sequence[str] | None = None
    prompts: Sequence[str] | None = None
    recipe: Mapping[str, Any] | None = None
    sampling: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PersonaSummary:
    name: str
    base: str
    shape: Shape
    preset: str
    live: int | None  # the adapter's number
    voice: list[str] = field(default_factory=list[str])
    sources: list[str] = field(default_factory=list[str])
    speakers: list[str] = field(default_factory=list[str])  # the voice's members as "#ROW", none for the community
    places: list[str] = field(default_factory=list[str])  # the sources as WORKSPACE/CHANNEL
    system_prompt: str = ""
    prompts: list[str] = field(default_factory=list[str])
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    sampling: dict[str, Any] = field(default_factory=dict[str, Any])


class PersonaRefused(Exception):
    """The persona cannot be as wished; the message says what to change."""


@verb("admin", "name")
async def create(session: AsyncSession, actor: Actor, name: str, wishes: Wishes) -> PersonaSummary:
    """Raises PersonaExists, PersonaRefused, RecipeRefused, NoSuchChannel, NoSuchMember."""
    if not name.strip() or len(name) > 60 or any(character in name for character in "/\n\t"):
        raise PersonaRefused(say("A persona's name has 1 to 60 characters and no slash; choose another one."))
    assert wishes.base is not None
    persona = Persona(
        name=name,
        base=wishes.base,
        shape="chat",
        system_prompt=DEFAULT_SYSTEM_PROMPT.format(name=name),
        sampling={},
        voice="community",
        preset="chat",
        recipe={},
        prompts=[],
        created_at=datetime.now(UTC),
    )
    await personas.add(session, persona)
    await _apply(session, persona, wishes)
    return await _summary(session, persona)


async def begin(sessions: Sessions, base: str) -> None:
    """Where nobody ever made a persona there is one, so that the first mention in a network finds someone to answer."""
    async with reading(sessions) as session:
        if await personas.ever(session):
            return
    with suppress(personas.PersonaExists):  # two bots may begin together
        await create(sessions, Actor("bot", "owner"), FIRST, Wishes(base=base, system_prompt=FIRST_SYSTEM_PROMPT))


@verb("admin", "name")
async def edit(session: AsyncSession, actor: Actor, name: str, wishes: Wishes) -> PersonaSummary:
    """Raises what `create` raises, and NoSuchPersona. A changed base puts the persona on that bare base."""
    persona = await personas.named(session, name)
    if wishes.base is not None and wishes.base != persona.base and persona.live_adapter_id is not None:
        await personas.activate(
            session,
            persona,
            None,
            expected=persona.live_adapter_id,
            by=actor.name,
            why=BASE_CHANGED.format(base=wishes.base),
            now=datetime.now(UTC),
        )
    await _apply(session, persona, wishes)
    return await _summary(session, persona)


async def _apply(session: AsyncSession, persona: Persona, wishes: Wishes) -> None:
    if wishes.base is not None:
        persona.base = wishes.base
    if wishes.preset is not None:
        if wishes.preset not in SHAPE_OF:
            raise PersonaRefused(
                say(
                    "There is no preset {preset!r}; the presets are {presets}.",
                    preset=wishes.preset,
                    presets=listed(SHAPE_OF),
                )
            )
        if wishes.preset != persona.preset:
            persona.sampling = {}  # a preset brings its own
        persona.preset, persona.shape = wishes.preset, SHAPE_OF[wishes.preset]
    if wishes.system_prompt is not None:
        persona.system_prompt = wishes.system_prompt
    if wishes.prompts is not None:
        persona.prompts = list(wishes.prompts)
    if wishes.recipe is not None:
        persona.recipe = {**persona.recipe, **wishes.recipe}
    recipe_from(persona.preset, persona.recipe)
    persona.sampling = sampling_from(persona.preset, {**persona.sampling, **(wishes.sampling or {})})
    if wishes.sources is not None:
        found = [await channels.named(session, name) for name in wishes.sources]
        await personas.set_sources(session, persona, [channel.id for channel in found])
    if wishes.voices is not None:
        speaking = [await members.named(session, name) for name in wishes.voices]
        await personas.set_voices(session, persona, [member.id for member in speaking])
    await session.flush()


@verb("admin", "name")
async def delete(session: AsyncSession, actor: Actor, name: str) -> None:
    """The persona stops answering; its rows stay for the record, its name is free again.

    Raises NoSuchPersona.
    """
    persona = await personas.named(session, name)
    await runs.cancel_open(session, persona.id, datetime.now(UTC))
    persona.deleted_at = datetime.now(UTC)


@verb("member", "persona", "channel")
async def use(
    session: AsyncSession, actor: Actor, persona: str | None, channel: str | int, direct: bool = False
) -> str:
    """A channel's mentions are answered by this persona (None: by the only one there is); the channel's name.

    Open to everyone in their own direct messages, elsewhere to admins, of whom the audit tells. Raises NoSuchPersona,
    NoSuchChannel, AmbiguousChannel, NotAllowed.
    """
    found = await channels.named(session, channel)
    chosen = await personas.named(session, persona) if persona is not None else None
    if not direct:
        authorise(actor, "admin", "use")
        subject = {"persona": chosen.name if chosen else None, "channel": found.name}
        audit.record(session, actor.name, "use", subject, datetime.now(UTC))
    found.persona_id = chosen.id if chosen else None
    return found.name


@query("member")
async def show(session: AsyncSession, actor: Actor, name: str) -> PersonaSummary:
    """Raises NoSuchPersona."""
    return await _summary(session, await personas.named(session, name))


@query("member")
async def every(session: AsyncSession, actor: Actor) -> list[PersonaSummary]:
    return [await _summary(session, persona) for persona in await personas.every(session)]


async def _summary(session: AsyncSession, persona: Persona) -> PersonaSummary:
    live = persona.live_adapter_id
    rows = await adapters.by_id(session, [live] if live else [])
    speaking = await members.names(session, await personas.voices(session, persona.id))
    sources = await personas.sources(session, persona.id)
    homes = {workspace.id: workspace.name for workspace in await workspaces.every(session)} if sources else {}
    return PersonaSummary(
        name=persona.name,
        base=persona.base,
        shape=persona.shape,
        preset=persona.preset,
        live=rows[live].number if live else None,
        voice=sorted(speaking.values()) or ["community"],
        sources=[channel.name for channel in sources],
        speakers=[f"#{member}" for member in sorted(speaking)],
        places=[f"{homes[channel.workspace_id]}/{channel.name}" for channel in sources],
        system_prompt=persona.system_prompt,
        prompts=persona.prompts,
        recipe=persona.recipe,
        sampling=persona.sampling,
    )
