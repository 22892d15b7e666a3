"""An engine elsewhere: a model that an OpenAI-style server already runs.

Owns the queue in front of it, deadlines, stop strings and the figures of each reply. Knows no HTTP: what is asked
and what may be asked again is `openai_server`'s.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.generation.engine import AdapterRefused, EngineUnavailable, Finish, Piece, Reason, Request, Waiting
from bot.generation.line import Ticket, as_told, end_unserved, listen, tell_places
from bot.generation.openai_server import WHERE_KEY, OpenAIServer, Patience
from bot.generation.openai_wire import Chunk, Usage
from bot.generation.scheduler import Scheduler
from bot.generation.stop_cutter import StopCutter
from db.words import later


@dataclass(eq=False, slots=True)
class Asked(Ticket):
    """Its deadline is a reading of the loop's clock."""

    speaking: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Heard:
    """What is known of one candidate so far. Where a server gives no usage, pieces are counted as tokens."""

    began: float
    first: float | None = None
    pieces: int = 0
    usage: Usage | None = None
    end: str | None = None
    thought: bool = False

    def take(self, chunk: Chunk, now: float) -> None:
        self.usage, self.end = chunk.usage or self.usage, chunk.end or self.end
        self.thought = self.thought or chunk.thought
        if chunk.text or chunk.thought:
            self.pieces += 1
        if chunk.text and self.first is None:
            self.first = now

    def finish(self, reason: Reason, now: float) -> Finish:
        prompt, completion = (
            (self.usage.prompt_tokens, self.usage.completion_tokens) if self.usage else (0, self.pieces)
        )
        first = now if self.first is None else self.first
        return Finish(reason, prompt, completion, first - self.began, now - self.began)


class RemoteEngine:
    """One model on one server. Implements `Engine`; prompt tokens are 0 where the server does not count them.

    `url` is what OpenAI's own clients take. `max_parallel` candidates are asked for at once; `context` is the
    model's window in tokens, 0 where only the server knows; `where_key` is what to set where the key is wrong.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        where_key: str = WHERE_KEY,
        max_parallel: int = 4,
        max_waiting: int = 64,
        context: int = 0,
        patience: Patience | None = None,
    ) -> None:
        self._server = OpenAIServer(url, model, key=key, where_key=where_key, context=context, patience=patience)
        self._scheduler: Scheduler[Asked] = Scheduler(max_parallel, max_waiting)
        self._lines = asyncio.Semaphore(max_parallel)
        self._closed = False

    def generate(self, request: Request) -> AsyncGenerator[Piece | Waiting]:
        """See `Engine`. The deadline counts from this call, though work begins with the first iteration."""
        until = None if request.deadline_s is None else self._now() + request.deadline_s
        return self._serve(request, until)

    async def load_adapter(self, name: str, path: Path) -> None:
        """Refuses: what a server speaks with is its own business."""
        raise AdapterRefused(
            later(
                "The server at {host} cannot load adapters; a persona on it speaks by its system prompt, so "
                "choose a base of your own to train one.",
                host=self._server.host,
            )
        )

    async def unload_adapter(self, name: str) -> None:
        """See `Engine`. There is none to unload."""

    async def loaded_adapters(self) -> set[str]:
        return set()

    async def aclose(self) -> None:
        """See `Engine`. Every stream is closed when this returns; closing twice is no error."""
        self._closed = True
        tickets = self._scheduler.all()
        for ticket in tickets:
            ticket.news.put_nowait(EngineUnavailable(later("The engine was closed before this reply was finished.")))
        for ticket in tickets:
            await self._leave(ticket)
        await self._server.aclose()

    async def _serve(self, request: Request, until: float | None) -> AsyncGenerator[Piece | Waiting]:
        ticket = self._enter(request, until)
        timer = asyncio.get_running_loop().call_at(until, self._lapse, ticket) if until is not None else None
        try:
            async with aclosing(listen(ticket)) as heard:
                async for news in heard:
                    yield news
        finally:
            if timer is not None:
                timer.cancel()
            await self._leave(ticket)

    def _enter(self, request: Request, until: float | None) -> Asked:
        if self._closed:
            raise EngineUnavailable(later("The engine is closed."))
        if request.adapter is not None:
            raise EngineUnavailable(
                later(
                    "The adapter {adapter} is not loaded: the server at {host} cannot load adapters.",
                    adapter=request.adapter,
                    host=self._server.host,
                )
            )
        ticket = Asked(request, until)
        self._scheduler.enter(ticket, request.candidates)
        self._admit()
        return ticket

    async def _leave(self, ticket: Asked) -> None:
        """Whoever stops listening ends the stream; its place is free once that is closed."""
        try:
            if ticket.speaking is not None:
                ticket.speaking.cancel()
                await asyncio.wait([ticket.speaking])
        finally:
            self._make_room(ticket)

    def _lapse(self, ticket: Asked) -> None:
        """Ends a request whose deadline passed before its turn; once begun, each candidate has the clock."""
        if ticket.speaking is None:
            self._make_room(ticket)
            end_unserved(ticket)

    def _make_room(self, ticket: Asked) -> None:
        self._scheduler.leave(ticket)
        self._admit()

    def _admit(self) -> None:
        """Those whose turn it is begin; the others are told where they stand."""
        for ticket in self._scheduler.running:
            if ticket.speaking is None and not self._closed:
                ticket.speaking = asyncio.create_task(self._speak(ticket))
        tell_places(self._scheduler)

    async def _speak(self, ticket: Asked) -> None:
        """All candidates, each with a request of its own: many servers answer only the first of several."""
        try:
            async with asyncio.TaskGroup() as group:
                for candidate in range(ticket.request.candidates):
                    group.create_task(self._candidate(ticket, candidate))
        except* Exception as troubles:
            ticket.news.put_nowait(as_told(troubles.exceptions[0]))
        finally:
            self._make_room(ticket)

    async def _candidate(self, ticket: Asked, candidate: int) -> None:
        request = ticket.request
        heard, cutter = Heard(self._now()), StopCutter(request.sampling.stop)
        reason: Reason = "deadline"
        with suppress(TimeoutError):
            async with asyncio.timeout_at(ticket.deadline), self._lines:
                heard.began = self._now()
                async with aclosing(self._server.stream(request, candidate, ticket.deadline)) as chunks:
                    async for chunk in chunks:
                        heard.take(chunk, self._now())
                        if text := cutter.push(chunk.text):
                            ticket.news.put_nowait(Piece(candidate, text))
                        if cutter.stopped:
                            break
                reason = "length" if heard.end == "length" and not cutter.stopped else "stop"
        if reason == "length" and heard.thought and heard.first is None:
            raise EngineUnavailable(
                later(
                    "{model} at {host} used up its {tokens} tokens thinking; turn its thinking off at the server, "
                    "or raise max_new_tokens.",
                    model=self._server.model,
                    host=self._server.host,
                    tokens=request.sampling.max_new_tokens,
                )
            )
        ticket.news.put_nowait(Piece(candidate, cutter.flush(), heard.finish(reason, self._now())))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
