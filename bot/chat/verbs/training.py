"""Verbs on runs and adapters: retrain, cancel, promote, reject, rollback, and what they led to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs.authority import Actor, query, verb
from db import adapters, datasets, personas, runs
from db.coded import shown
from db.models import Adapter, Persona
from db.recipe import recipe_from
from db.words import say

GONE = ("tainted", "deleted")


class NothingToRollBack(Exception):
    """There is nothing earlier to go back to."""


class CannotBeTrained(Exception):
    """The persona stands on a model that a server runs; give it a base of your own first."""


class CannotBeRejected(Exception):
    """This adapter is live or gone; the message says which."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as people see it. Losses are nats per token, times seconds."""

    id: int
    persona: str
    kind: str
    status: str
    phase: str
    reason: str
    note: str
    requested_by: str
    created_at: datetime
    finished_at: datetime | None
    step: int
    steps: int
    loss: float | None
    seconds_left: float | None
    tokens_per_second: float | None
    stopping: bool  # asked to, and not yet stopped
    adapter: int | None
    base_loss: float | None  # on held-out text, once the run has succeeded
    candidate_loss: float | None


@dataclass(frozen=True, slots=True)
class AdapterReport:
    number: int
    state: str
    live: bool
    run: int
    base: str
    created_at: datetime
    messages: int
    figures: dict[str, Any]

    def loss(self, who: str) -> float | None:
        """Held-out loss of "base", "live" (what was live then) or "candidate", in nats per token."""
        return _loss(self.figures, who)


def _loss(figures: dict[str, Any], who: str) -> float | None:
    return figures.get(who, {}).get("loss")


@verb("admin", "persona", "settings")
async def retrain(
    session: AsyncSession,
    actor: Actor,
    persona: str,
    note: str,
    settings: Mapping[str, Any],
    servers: Collection[str] = (),
) -> int:
    """Queue a fine-tune; the run's number.

    `settings` may hold `recipe` (overrides), `max_minutes`, and `messages` (only the newest so many); `servers` are
    the bases that are models on servers. Raises NoSuchPersona, CannotBeTrained, RunUnderWay, RecipeRefused.
    """
    found = await personas.named(session, persona)
    if found.base in servers:
        raise CannotBeTrained(
            say(
                "{persona} stands on {base}, a model on a server, which speaks by the system prompt and cannot "
                "be trained; `yamabiko persona edit {persona} --base …` gives it a base of your own.",
                persona=persona,
                base=found.base,
            )
        )
    recipe_from(found.preset, {**found.recipe, **settings.get("recipe", {})})
    now = datetime.now(UTC)
    run = await runs.enqueue(session, found, kind="train", by=actor.name, note=note, settings=dict(settings), now=now)
    return run.id


@verb("admin", "run")
async def cancel(session: AsyncSession, actor: Actor, run: int) -> str:
    """The status the run has now. Raises NoSuchRun."""
    return (await runs.request_cancel(session, run, datetime.now(UTC))).status


@query("member")
async def list_runs(
    session: AsyncSession, actor: Actor, persona: str | None = None, limit: int = 20
) -> list[RunReport]:
    """Newest first. Raises NoSuchPersona."""
    persona_id = (await personas.named(session, persona)).id if persona else None
    return [_report(summary) for summary in await runs.summaries(session, persona_id, limit)]


@query("member")
async def run_report(session: AsyncSession, actor: Actor, run: int) -> RunReport:
    """Raises NoSuchRun."""
    return _report(await runs.summary(session, run))


def _report(summary: runs.RunSummary) -> RunReport:
    run, point, adapter = summary.run, summary.point, summary.adapter
    return RunReport(
        id=run.id,
        persona=summary.persona,
        kind=run.kind,
        status=run.status,
        phase=run.phase,
        reason=run.reason,
        note=run.note,
        requested_by=run.requested_by,
        created_at=run.created_at,
        finished_at=run.finished_at,
        step=point.step if point else 0,
        steps=point.steps if point else 0,
        loss=point.loss if point else None,
        seconds_left=point.seconds_left if point else None,
        tokens_per_second=point.tokens_per_second if point else None,
        stopping=run.status == "running" and run.cancel_requested_at is not None,
        adapter=adapter.number if adapter else None,
        base_loss=_loss(adapter.figures, "base") if adapter else None,
        candidate_loss=_loss(adapter.figures, "candidate") if adapter else None,
    )


@query("member")
async def list_adapters(session: AsyncSession, actor: Actor, persona: str) -> list[AdapterReport]:
    """Newest first. Raises NoSuchPersona."""
    found = await personas.named(session, persona)
    rows = await adapters.of(session, found.id)
    made_of = await datasets.by_id(session, [adapter.dataset_id for adapter in rows])
    return [
        AdapterReport(
            number=adapter.number,
            state=adapter.state,
            live=adapter.id == found.live_adapter_id,
            run=adapter.run_id,
            base=adapter.base,
            created_at=adapter.created_at,
            messages=sum(made_of[adapter.dataset_id].counts["by_provenance"].values()),
            figures=adapter.figures,
        )
        for adapter in rows
    ]


@verb("admin", "persona", "number", "why")
async def promote(session: AsyncSession, actor: Actor, persona: str, number: int | None = None, why: str = "") -> int:
    """Make an adapter live (None: the newest candidate); its number.

    Raises NoSuchAdapter, CannotGoLive (also when it is live already).
    """
    found = await personas.named(session, persona)
    adapter = await _chosen(session, found, number)
    await _go_live(session, actor, found, adapter, why or "promoted")
    adapter.state = "candidate"  # promoting one that was rejected takes the rejection back
    return adapter.number


@verb("admin", "persona", "number")
async def reject(session: AsyncSession, actor: Actor, persona: str, number: int) -> None:
    """Mark a candidate as not wanted. Raises NoSuchAdapter, CannotBeRejected."""
    found = await personas.named(session, persona)
    adapter = await adapters.numbered(session, found, number)
    if adapter.id == found.live_adapter_id:
        raise CannotBeRejected(
            say("Adapter {number} is live; roll {persona} back before rejecting it.", number=number, persona=persona)
        )
    if adapter.state in GONE:  # "rejected" can be taken back by promoting, and this must not be
        state = shown("adapter state", adapter.state)
        raise CannotBeRejected(
            say("Adapter {number} is {state} already and cannot speak any more.", number=number, state=state)
        )
    adapter.state = "rejected"


@verb("admin", "persona", "to", "why")
async def rollback(
    session: AsyncSession,
    actor: Actor,
    persona: str,
    to: int | None = None,
    why: str = "",
    *,
    only_from: int | None = None,
) -> int | None:
    """Go back to adapter `to` (0: the bare base; None: what was live before); the number now live.

    `only_from`: only while that one (0: the bare base) is live, for buttons that stand for long. Raises
    NothingToRollBack, NoSuchAdapter, CannotGoLive, LiveChanged.
    """
    found = await personas.named(session, persona)
    if only_from is not None:
        await _expect(session, found, only_from)
    if to is None:
        adapter = await _previous(session, found)
    else:
        adapter = await adapters.numbered(session, found, to) if to else None
    await _go_live(session, actor, found, adapter, why or "rolled back")
    return adapter.number if adapter else None


async def _expect(session: AsyncSession, persona: Persona, number: int) -> None:
    adapter = await adapters.numbered(session, persona, number) if number else None
    if persona.live_adapter_id != (adapter.id if adapter else None):
        raise personas.LiveChanged(
            say("What is live for {persona} changed in the meantime; look again and repeat.", persona=persona.name)
        )


async def _chosen(session: AsyncSession, persona: Persona, number: int | None) -> Adapter:
    if number is not None:
        return await adapters.numbered(session, persona, number)
    for adapter in await adapters.of(session, persona.id):
        if adapter.state == "candidate":
            return adapter
    raise adapters.NoSuchAdapter(
        say("{persona} has no candidate; `yamabiko train {persona}` makes one.", persona=persona.name)
    )


async def _previous(session: AsyncSession, persona: Persona) -> Adapter | None:
    """What was live before the present adapter first came; what may not speak any more is passed over."""
    if persona.live_adapter_id is None:
        raise NothingToRollBack(
            say("{persona} speaks as its bare base; there is nothing to go back to.", persona=persona.name)
        )
    history = await personas.activations(session, persona.id)
    before = _way_here([row.adapter_id for row in reversed(history)])[:-1]
    rows = await adapters.by_id(session, [one for one in before if one is not None])
    fit = (rows[one] for one in reversed(before) if one is not None and _fit(rows[one], persona))
    return next(fit, None)


def _way_here(history: Sequence[int | None]) -> list[int | None]:
    """What led to the present, oldest first: going back to something forgets what came after it."""
    way: list[int | None] = [None]
    for adapter in history:
        way = way[: way.index(adapter) + 1] if adapter in way else [*way, adapter]
    return way


def _fit(adapter: Adapter, persona: Persona) -> bool:
    return adapter.state == "candidate" and adapter.base == persona.base


async def _go_live(session: AsyncSession, actor: Actor, persona: Persona, adapter: Adapter | None, why: str) -> None:
    gone = await datasets.withdrawn(session, persona, adapter.dataset_id) if adapter else 0
    if adapter and gone:
        facts = {"gone": gone, "number": adapter.number, "persona": persona.name}
        raise personas.CannotGoLive(
            say("{gone} of the messages adapter {number} learned from were withdrawn; train {persona} again.", **facts)
        )
    if (adapter.id if adapter else None) == persona.live_adapter_id:
        raise personas.CannotGoLive(_already_live(persona, adapter))
    expected, now = persona.live_adapter_id, datetime.now(UTC)
    await personas.activate(session, persona, adapter, expected=expected, by=actor.name, why=why, now=now)


def _already_live(persona: Persona, adapter: Adapter | None) -> str:
    if adapter is None:
        return say("{persona} speaks with its bare base already; there is nothing to change.", persona=persona.name)
    return say(
        "{persona} speaks with adapter {number} already; there is nothing to change.",
        persona=persona.name,
        number=adapter.number,
    )
