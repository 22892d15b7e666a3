"""Makes what the engines have loaded equal to what the rows say is live.

Owns the map from persona to its voice. Knows no platform, no model and no memory: `engines` opens and closes.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.engines import Engines
from bot.generation.engine import Engine, EngineUnavailable
from db import adapters, personas
from db.models import Adapter, Persona
from db.session import Sessions, reading
from db.words import say

log = structlog.get_logger()


class AdapterDamaged(Exception):
    """The adapter's file is missing or is not what was trained; restore it, roll back, or retrain."""


@dataclass(frozen=True, slots=True)
class LiveVoice:
    """What speaks for a persona now. `adapter` is the engine's name for it, None the bare base."""

    engine: Engine
    adapter: str | None
    adapter_id: int | None


class LiveAdapters:
    """`sync()` as often as you like; `voice()` when someone must be answered."""

    def __init__(self, sessions: Sessions, engines: Engines, folder: Path) -> None:
        self._sessions, self._engines, self._folder = sessions, engines, folder
        self._syncing = asyncio.Lock()
        self._live: dict[int, Adapter | None] = {}
        self._borrowed: Counter[str] = Counter()  # adapters' names, by how many comparisons use them
        self._leaving: set[asyncio.Task[None]] = set()
        self.errors: dict[str, str] = {}  # persona → why its live adapter is not loaded

    @asynccontextmanager
    async def voice(self, persona: Persona) -> AsyncGenerator[LiveVoice]:
        """What speaks for the persona; its base stays open until the end of the block.

        Raises EngineUnavailable when the persona's live adapter cannot be loaded and nothing older is, and what
        opening its base raises.
        """
        async with self._engines.using(persona.base) as engine:
            if not await self._turned_to_live(persona, engine):
                await self.sync()  # asked before the next look: promoted just now, or the first to ask
            if persona.id not in self._live:
                raise EngineUnavailable(
                    self.errors.get(persona.name, say("{persona} is not ready yet.", persona=persona.name))
                )
            adapter = self._live[persona.id]
            if adapter is None or adapter.base != persona.base:
                yield LiveVoice(engine, None, None)
            else:
                yield LiveVoice(engine, name_of(adapter), adapter.id)

    @asynccontextmanager
    async def base(self, persona: Persona) -> AsyncGenerator[LiveVoice]:
        """The persona's bare base. Raises what opening it raises."""
        async with self._engines.using(persona.base) as engine:
            yield LiveVoice(engine, None, None)

    async def _turned_to_live(self, persona: Persona, engine: Engine) -> bool:
        if persona.id not in self._live:
            return False
        adapter = self._live[persona.id]
        if (adapter.id if adapter else None) != persona.live_adapter_id:
            return False
        # A base that was closed for room and opened again has lost what it had.
        return adapter is None or adapter.base != persona.base or name_of(adapter) in await engine.loaded_adapters()

    @asynccontextmanager
    async def borrowed(self, persona: Persona, adapter: Adapter) -> AsyncGenerator[LiveVoice]:
        """Any adapter of a persona, loaded to be compared; a later `sync` puts it away unless it is live."""
        name = name_of(adapter)
        async with self._engines.using(persona.base) as engine:
            async with self._syncing:
                await self._load(engine, adapter)
                self._borrowed[name] += 1
            try:
                yield LiveVoice(engine, name, adapter.id)
            finally:
                self._borrowed[name] -= 1

    async def sync(self) -> None:
        """Load what went live under a new name, turn to it, then put away what no persona needs.

        Only engines that are open take part: a base nobody talks to costs nothing.
        """
        async with self._syncing:
            async with reading(self._sessions) as session:
                every = await personas.every(session)
                wanted = {persona.id: persona.live_adapter_id for persona in every}
                rows = await adapters.by_id(session, [i for i in wanted.values() if i is not None])
            for persona in every:
                live = wanted[persona.id]
                await self._turn_to(persona, rows[live] if live is not None else None)
            self._forget_all_but(every)
            await self._put_away()

    def _forget_all_but(self, every: Sequence[Persona]) -> None:
        ids, names = {persona.id for persona in every}, {persona.name for persona in every}
        self._live = {key: adapter for key, adapter in self._live.items() if key in ids}
        self.errors = {name: why for name, why in self.errors.items() if name in names}

    async def _turn_to(self, persona: Persona, adapter: Adapter | None) -> None:
        try:
            async with self._engines.open_now(persona.base) as engine:
                if engine is None:
                    return
                if adapter is not None:
                    await self._load(engine, adapter)
        except Exception as error:
            if self.errors.get(persona.name) != str(error):
                log.warning("live adapter not loaded", persona=persona.name, why=str(error))
            self.errors[persona.name] = str(error)
            return
        self.errors.pop(persona.name, None)
        self._live[persona.id] = adapter

    async def _load(self, engine: Engine, adapter: Adapter) -> None:
        if name_of(adapter) in await engine.loaded_adapters():
            return
        folder = self._folder / adapter.folder
        await asyncio.to_thread(_verify, folder / "adapter_model.safetensors", adapter)
        await engine.load_adapter(name_of(adapter), folder)

    async def _put_away(self) -> None:
        """Begin to unload what nobody needs; a long reply that holds it must not hold up the next sync."""
        needed = {name_of(adapter) for adapter in self._live.values() if adapter is not None}
        needed |= {name for name, count in self._borrowed.items() if count}
        for engine in self._engines.open.values():
            for name in await engine.loaded_adapters() - needed:
                leaving = asyncio.create_task(engine.unload_adapter(name))
                self._leaving.add(leaving)
                leaving.add_done_callback(self._left)
        await asyncio.sleep(0)  # from here on the engine takes no new request for them

    def _left(self, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("adapter not unloaded; trying again", why=str(error))

    async def follow(self, seconds: float) -> None:
        """Sync for ever; what went live speaks within about `seconds`."""
        while True:
            try:
                await self.sync()
            except Exception:
                log.exception("looking for live adapters failed; trying again")
            await asyncio.sleep(seconds)

    async def aclose(self) -> None:
        await self._engines.aclose()
        await asyncio.gather(*self._leaving, return_exceptions=True)


def name_of(adapter: Adapter) -> str:
    return f"a{adapter.id:06d}"


def _verify(file: Path, adapter: Adapter) -> None:
    if not file.is_file():
        raise AdapterDamaged(
            say("The file of adapter {number} is missing; restore it, roll back, or retrain.", number=adapter.number)
        )
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != adapter.sha256:
            raise AdapterDamaged(
                say(
                    "The file of adapter {number} is not what was trained; restore it, roll back, or retrain.",
                    number=adapter.number,
                )
            )
