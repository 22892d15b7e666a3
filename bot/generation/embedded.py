"""An engine in this process: the asyncio face of the one model thread.

Owns the queue, the names of adapters and who uses them. All of it lives on the event loop; the model thread
gets one short job at a time (begin, one step for everyone): nothing here needs a lock, and who joins or leaves
does so between two steps. Knows no tensor: `model_runner` does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot.generation.engine import AdapterRefused, EngineBusy, EngineUnavailable, Piece, Request, Waiting
from bot.generation.line import Ticket, as_told, end_unserved, listen, tell_places
from bot.generation.scheduler import Scheduler
from db.words import later

if TYPE_CHECKING:
    from bot.generation.adapter_folder import Adapter
    from bot.generation.decoding import Decoding
    from bot.generation.model_runner import ModelRunner

Result = TypeVar("Result")


@dataclass(eq=False, slots=True)
class Asked(Ticket):
    """Its deadline is a reading of time.monotonic()."""

    named: Named | None = None
    decoding: Decoding | None = None  # from its first step on

    @property
    def adapter(self) -> Adapter | None:
        return self.named.adapter if self.named else None


@dataclass(eq=False, slots=True)
class Named:
    """An adapter under its public name, and the requests that count on it."""

    adapter: Adapter
    users: set[Asked] = field(default_factory=set)
    idle: asyncio.Event = field(default_factory=asyncio.Event)


class EmbeddedEngine:
    """One prepared base in this process; `base` is its folder. Implements `Engine`.

    The model is loaded by `start()` or by the first request. `max_rows` candidates speak at once, `threads` is
    how many cores it computes on.
    """

    def __init__(self, base: Path, *, max_rows: int = 8, max_waiting: int = 64, threads: int | None = None) -> None:
        self._base = base
        self._threads = threads
        self._scheduler: Scheduler[Asked] = Scheduler(max_rows, max_waiting)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{base.name}")
        self._runner: asyncio.Task[ModelRunner] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._adapters: dict[str, Named] = {}
        self._changing: dict[str, asyncio.Task[None]] = {}  # adapters that come or go
        self._closed = False

    async def start(self) -> None:
        """Loads the model, or tries again after a failure. Raises EngineUnavailable."""
        if self._runner is not None and self._runner.done() and self._runner.exception() is not None:
            self._runner = None
        await self._loaded()

    def generate(self, request: Request) -> AsyncGenerator[Piece | Waiting]:
        """See `Engine`. The deadline counts from this call, though work begins with the first iteration."""
        deadline = None if request.deadline_s is None else time.monotonic() + request.deadline_s
        return self._serve(request, deadline)

    async def load_adapter(self, name: str, path: Path) -> None:
        """See `Engine`. A name that is in use is refused; one that is just leaving is waited for."""
        await self._settled(name)
        if name in self._adapters or name in self._changing:
            raise AdapterRefused(later("An adapter is loaded as {name} already; unload it first.", name=name))
        await self._change(name, self._load(name, path))

    async def unload_adapter(self, name: str) -> None:
        await self._settled(name)
        named = self._adapters.pop(name, None)
        if named is not None:
            await self._change(name, self._unload(named))

    async def loaded_adapters(self) -> set[str]:
        return set(self._adapters)

    async def aclose(self) -> None:
        """See `Engine`. Waits for the step that is running; closing twice is no error."""
        self._closed = True
        ending = [*self._changing.values(), *([self._pump] if self._pump else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for ticket in self._scheduler.all():
            ticket.news.put_nowait(EngineUnavailable(later("The engine was closed before this reply was finished.")))
        self._adapters.clear()
        await asyncio.to_thread(self._thread.shutdown)
        self._runner = None

    async def _serve(self, request: Request, deadline: float | None) -> AsyncGenerator[Piece | Waiting]:
        ticket = self._enter(request, deadline)
        timer = None
        if deadline is not None:
            timer = asyncio.get_running_loop().call_later(deadline - time.monotonic(), self._lapse, ticket)
        try:
            async with aclosing(listen(ticket)) as heard:
                async for news in heard:
                    yield news
        finally:
            if timer is not None:
                timer.cancel()
            self._leave(ticket)

    def _enter(self, request: Request, deadline: float | None) -> Asked:
        if self._closed:
            raise EngineUnavailable(later("The engine is closed."))
        named = self._adapters.get(request.adapter) if request.adapter is not None else None
        if request.adapter is not None and named is None:
            raise EngineUnavailable(later("The adapter {adapter} is not loaded.", adapter=request.adapter))
        ticket = Asked(request, deadline, named=named)
        self._scheduler.enter(ticket, request.candidates)
        if named is not None:
            named.users.add(ticket)
        tell_places(self._scheduler)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run())
        return ticket

    def _leave(self, ticket: Asked) -> None:
        self._end(ticket)
        if ticket.named is not None:
            ticket.named.users.discard(ticket)
            if not ticket.named.users:
                ticket.named.idle.set()

    def _lapse(self, ticket: Asked) -> None:
        """Ends a request whose deadline passed before its turn; once begun, its decoding has the clock."""
        if ticket.decoding is None:
            self._scheduler.leave(ticket)
            end_unserved(ticket)

    async def _run(self) -> None:
        """A step after the other while anybody is there. Who gives up has left the scheduler: that is the sign."""
        while running := self._scheduler.running:
            try:
                runner = await self._loaded()
                await self._step(runner, running)
                if not self._scheduler.running:
                    await self._in_thread(partial(runner.step, []))  # what the last ones left behind is free
            except Exception as error:
                for ticket in running:
                    self._end(ticket, as_told(error))

    async def _step(self, runner: ModelRunner, running: list[Asked]) -> None:
        for ticket in running:
            if ticket.decoding is None:
                await self._begin(runner, ticket)
        still_here = self._scheduler.running
        whose = {ticket.decoding: ticket for ticket in running if ticket.decoding and ticket in still_here}
        for decoding, news in await self._in_thread(lambda: runner.step(list(whose))):
            if isinstance(news, EngineUnavailable):
                self._end(whose[decoding], news)
            else:
                whose[decoding].news.put_nowait(news)
        for decoding, ticket in whose.items():
            if decoding.done:
                self._end(ticket)

    async def _begin(self, runner: ModelRunner, ticket: Asked) -> None:
        try:
            ticket.decoding = await self._in_thread(
                lambda: runner.begin(ticket.request, ticket.adapter, ticket.deadline)
            )
        except EngineUnavailable as unavailable:
            self._end(ticket, unavailable)

    def _end(self, ticket: Asked, trouble: EngineBusy | EngineUnavailable | None = None) -> None:
        """Makes room for the next at once, whether or not what was said has been taken yet."""
        if trouble is not None:
            ticket.news.put_nowait(trouble)
        self._scheduler.leave(ticket)
        tell_places(self._scheduler)

    async def _loaded(self) -> ModelRunner:
        """The runner; loads it the first time, and afterwards repeats what went wrong then."""
        if self._closed:
            raise EngineUnavailable(later("The engine is closed."))
        if self._runner is None:
            self._runner = asyncio.create_task(self._in_thread(self._make_runner))
        try:
            return await asyncio.shield(self._runner)
        except Exception as cause:
            reason = later(
                "The base in {folder} could not be loaded ({cause}); prepare it again.",
                folder=self._base.name,
                cause=cause,
            )
            raise EngineUnavailable(reason) from cause

    def _make_runner(self) -> ModelRunner:
        # Imported in the model thread: torch and transformers take seconds, and the bot answers meanwhile.
        from bot.generation.model_runner import ModelRunner

        return ModelRunner(self._base, self._threads)

    async def _load(self, name: str, path: Path) -> None:
        runner = await self._loaded()
        # Read in another thread than the model's: others go on speaking.
        adapter = await asyncio.to_thread(_read, path, runner.shapes)
        await self._in_thread(lambda: runner.check_template(adapter, path.name))
        self._adapters[name] = Named(adapter)

    async def _unload(self, named: Named) -> None:
        if named.users:
            named.idle.clear()
            await named.idle.wait()
        runner = await self._loaded()
        await self._in_thread(lambda: runner.unload_adapter(named.adapter))

    async def _change(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Sees the work through even if the caller is cancelled: no weights are left behind unnamed."""
        task = self._changing[name] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._changing.pop(name, None))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # by aclose(): the caller itself goes on
                raise EngineUnavailable(later("The engine was closed.")) from None
            raise

    async def _settled(self, name: str) -> None:
        """Waits for the coming or going of that name."""
        if name in self._changing:
            await asyncio.wait([self._changing[name]])

    async def _in_thread(self, job: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)


def _read(path: Path, shapes: Mapping[str, tuple[int, int]]) -> Adapter:
    from bot.generation.adapter_folder import read_adapter

    return read_adapter(path, shapes)
