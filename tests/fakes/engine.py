"""An engine that says what a test wrote down, when the test wants it.

Owns scripted answers, delays and failures, and keeps `Engine`'s promises about queue, adapters and deadlines
in the plainest way. Knows no model: a word is a token.
"""

import asyncio
import itertools
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path

from bot.generation.engine import (
    AdapterRefused,
    EngineBusy,
    EngineUnavailable,
    Finish,
    Piece,
    Reason,
    Request,
    Waiting,
)

Answer = str | Exception | Callable[[Request], str]


class ScriptedEngine:
    """Gives `answers` in turn; when they are used up, `otherwise`. Candidates take an answer each.

    An exception as an answer is raised. `before_s` passes before the first word of a reply, `word_s` before
    each word. A folder with an adapter_config.json is a sound adapter. `requests` are those that came in.
    """

    def __init__(
        self,
        answers: Iterable[Answer] = (),
        *,
        otherwise: Answer = "Hello from the mountain.",
        before_s: float = 0.0,
        word_s: float = 0.0,
        max_waiting: int = 64,
    ) -> None:
        self.requests: list[Request] = []
        self._answers = itertools.chain(answers, itertools.repeat(otherwise))
        self._before_s = before_s
        self._word_s = word_s
        self._max_waiting = max_waiting
        self._line: list[Request] = []  # the first one is served
        self._adapters: set[str] = set()
        self._changed = asyncio.Condition()
        self._closed = False

    def generate(self, request: Request) -> AsyncGenerator[Piece | Waiting]:
        deadline = None if request.deadline_s is None else time.monotonic() + request.deadline_s
        return self._serve(request, deadline)

    async def load_adapter(self, name: str, path: Path) -> None:
        if self._closed:
            raise EngineUnavailable("The engine is closed.")
        if name in self._adapters:
            raise AdapterRefused(f"An adapter is loaded as {name} already; unload it first.")
        if not (path / "adapter_config.json").is_file():
            raise AdapterRefused(f"The adapter in {path.name} has no adapter_config.json; train it again.")
        self._adapters.add(name)

    async def unload_adapter(self, name: str) -> None:
        self._adapters.discard(name)
        async with self._changed:
            await self._changed.wait_for(lambda: all(one.adapter != name for one in self._line))

    async def loaded_adapters(self) -> set[str]:
        return set(self._adapters)

    async def aclose(self) -> None:
        self._closed = True
        self._adapters.clear()
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, request: Request, deadline: float | None) -> AsyncGenerator[Piece | Waiting]:
        self._enter(request)
        try:
            async for place in self._wait(request, deadline):
                yield Waiting(place)
            started = time.monotonic()
            if self._first() is not request or past(deadline):
                for candidate in range(request.candidates):
                    yield Piece(candidate, "", Finish("deadline", 0, 0, 0.0, 0.0))
                return
            await asyncio.sleep(self._before_s)
            for candidate in range(request.candidates):
                async for piece in self._speak(candidate, request, deadline, started):
                    yield piece
        finally:
            self._line = [one for one in self._line if one is not request]
            async with self._changed:
                self._changed.notify_all()

    def _enter(self, request: Request) -> None:
        if self._closed:
            raise EngineUnavailable("The engine is closed.")
        if request.adapter is not None and request.adapter not in self._adapters:
            raise EngineUnavailable(f"The adapter {request.adapter} is not loaded.")
        if len(self._line) > self._max_waiting:
            raise EngineBusy(f"{self._max_waiting} requests are waiting already; ask again in a moment.")
        self._line.append(request)
        self.requests.append(request)

    def _first(self) -> Request | None:
        return self._line[0] if self._line else None

    def _place(self, request: Request) -> int:
        return next(at for at, one in enumerate(self._line) if one is request)

    async def _wait(self, request: Request, deadline: float | None) -> AsyncGenerator[int]:
        """Its place whenever that changes, until it is first or the deadline has passed."""
        while (place := self._place(request)) and not past(deadline):
            yield place
            left = None if deadline is None else deadline - time.monotonic()
            try:
                async with self._changed, asyncio.timeout(left):
                    await self._changed.wait_for(lambda at=place: self._closed or self._place(request) != at)
            except TimeoutError:
                return
            self._refuse_when_closed()

    async def _speak(
        self, candidate: int, request: Request, deadline: float | None, started: float
    ) -> AsyncGenerator[Piece]:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        text = answer(request) if callable(answer) else answer
        words = re.findall(r"\S+\s*|\s+", cut(text, request.sampling.stop))
        first_s = spoken = 0
        reason: Reason = "stop"
        for word in words:
            await asyncio.sleep(self._word_s)
            self._refuse_when_closed()
            if past(deadline) or spoken == request.sampling.max_new_tokens:
                reason = "deadline" if past(deadline) else "length"
                break
            first_s = first_s or time.monotonic() - started
            spoken += 1
            yield Piece(candidate, word)
        prompt = sum(len(turn["content"].split()) for turn in request.turns)
        yield Piece(candidate, "", Finish(reason, prompt, spoken, first_s, time.monotonic() - started))

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise EngineUnavailable("The engine was closed before this reply was finished.")


def past(deadline: float | None) -> bool:
    """Whether that reading of time.monotonic() lies behind us."""
    return deadline is not None and time.monotonic() >= deadline


def cut(text: str, stops: Iterable[str]) -> str:
    """The text up to the first stop string."""
    return text[: min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))]


async def weightless(base: str) -> int:
    """How heavy a scripted engine is, for `Engines`."""
    return 0
