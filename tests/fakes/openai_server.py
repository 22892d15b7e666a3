"""A model server on loopback, as strict, slow or broken as a test wants it.

Owns the OpenAI-style face (chat, completions, models) with its streams and its errors. Knows no model: behind the
face speaks an engine of ours, by default one that says what the test wrote down.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.generation.engine import Engine, EngineBusy, EngineUnavailable, Finish, Piece, Request, Sampling, Turn
from tests.fakes.engine import Answer, ScriptedEngine

KNOWN = frozenset(
    {"model", "messages", "prompt", "stream", "temperature", "top_p", "max_tokens", "stop", "seed", "stream_options"}
    | {"top_k", "repetition_penalty", "repeat_penalty"}
)


@dataclass(frozen=True, slots=True)
class Says:
    """Instead of a reply: this status, body (a dict becomes JSON) and headers."""

    status: int
    body: dict[str, Any] | str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Cuts:
    """The connection goes away: before the head of the answer (None), or after so many pieces."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class Stalls:
    """Silence: before the head of the answer (None), or after so many pieces; for ever."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class Streams:
    """Exactly these lines of a stream, whatever they are, then the end of the answer."""

    lines: tuple[str, ...]
    kind: str = "text/event-stream"


Trouble = Says | Cuts | Stalls | Streams | None


class Gone(Exception):
    """The fake hung up on purpose."""


@dataclass
class FakeOpenAIServer:
    """`troubles` happen to the next requests in turn (None: a reply); everything else holds for all of them.

    `context` counts words; `deaf` is to stop strings. `bodies` are the requests that came, as JSON, and `askers`
    their connections; `open` is how many are being answered, `most_open` how many were at once, `closed_early` how
    many the asker left.
    """

    engine: Callable[[], Engine]
    models: tuple[str, ...] = ("echo",)
    key: str = ""
    refuses: frozenset[str] = frozenset()
    context: int | None = None
    usage: bool = True
    deaf: bool = False
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    paths: Counter[str] = field(default_factory=Counter[str])
    askers: set[Any] = field(default_factory=set[Any])
    open: int = 0
    most_open: int = 0
    closed_early: int = 0
    url: str = ""
    _change: asyncio.Event = field(default_factory=asyncio.Event)

    async def comes_to(self, open_: int) -> None:
        """Returns when so many requests are being answered."""
        async with asyncio.timeout(10):
            while self.open != open_:
                await self._change.wait()

    def _count(self, more: int) -> None:
        self.open += more
        self.most_open = max(self.open, self.most_open)
        self._change.set()
        self._change = asyncio.Event()

    async def answer(self, asked: web.Request) -> web.StreamResponse:
        self._count(1)
        try:
            body = await asked.json()
            self.bodies.append(body)
            self.paths[asked.path] += 1
            self.askers.add(asked.transport.get_extra_info("peername") if asked.transport else None)
            trouble = self.troubles.pop(0) if self.troubles else None
            return await self._deal_with(asked, body, trouble)
        except Gone:
            assert asked.transport is not None
            asked.transport.abort()
            return web.Response()
        except (asyncio.CancelledError, ConnectionError):
            self.closed_early += 1
            raise
        finally:
            self._count(-1)

    async def list_models(self, asked: web.Request) -> web.Response:
        wrong = self._wrong_key(asked)
        return said(wrong) if wrong else web.json_response({"data": [{"id": name} for name in self.models]})

    async def _deal_with(self, asked: web.Request, body: dict[str, Any], trouble: Trouble) -> web.StreamResponse:
        match trouble:
            case Says():
                return said(trouble)
            case Cuts(None):
                raise Gone
            case Stalls(None):
                await asyncio.Event().wait()
            case Streams():
                text = "".join(f"{line}\n\n" for line in trouble.lines)
                return web.Response(text=text, headers={"Content-Type": trouble.kind})
            case _:
                pass
        wrong = self._wrong_key(asked) or self._wrong_body(body)
        return said(wrong) if wrong else await self._stream(asked, body, trouble)

    def _wrong_key(self, asked: web.Request) -> Says | None:
        if self.key and asked.headers.get("Authorization") != f"Bearer {self.key}":
            given = asked.headers.get("Authorization", "nothing")
            return Says(401, error(f"Incorrect API key provided: {given}", code="invalid_api_key"))
        return None

    def _wrong_body(self, body: dict[str, Any]) -> Says | None:
        if body["model"] not in self.models:
            return Says(404, error(f"The model `{body['model']}` does not exist.", code=404))
        if unknown := sorted((body.keys() - KNOWN) | (body.keys() & self.refuses)):
            return Says(400, error(f"Unrecognized request argument supplied: {unknown[0]}"))
        words = len(" ".join(turn["content"] for turn in turns_of(body)).split()) + body["max_tokens"]
        if self.context is not None and words > self.context:
            told = f"This model's maximum context length is {self.context} tokens. However, you requested {words}."
            return Says(400, {"object": "error", "message": told, "type": "BadRequestError", "code": 400})
        return None

    async def _stream(self, asked: web.Request, body: dict[str, Any], trouble: Trouble) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        async with aclosing(self._pieces(body, trouble)) as pieces:
            try:
                first = await anext(pieces)
            except EngineBusy as busy:
                return said(Says(429, error(str(busy)), {"Retry-After": "1"}))
            except EngineUnavailable as unavailable:
                return said(Says(500, error(str(unavailable))))
            await response.prepare(asked)
            await response.write(event(first))
            async for data in pieces:
                await response.write(event(data))
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _pieces(self, body: dict[str, Any], trouble: Trouble) -> AsyncGenerator[dict[str, Any]]:
        """The stream's chunks as JSON, up to the trouble's place."""
        spoken = 0
        async with aclosing(self.engine().generate(request_of(body, self.deaf))) as news:
            async for piece in news:
                if not isinstance(piece, Piece):
                    continue
                if isinstance(trouble, Cuts | Stalls) and spoken == trouble.after:
                    await hang(trouble)
                if piece.text:
                    spoken += 1
                    yield chunk(body, text=piece.text)
                if piece.finish is not None:
                    yield chunk(body, end="stop" if piece.finish.reason == "deadline" else piece.finish.reason)
                    if self.usage and body.get("stream_options", {}).get("include_usage"):
                        yield {"choices": [], "usage": usage_of(piece.finish)}


@asynccontextmanager
async def serving(
    answers: Iterable[Answer] = (),
    *,
    otherwise: Answer = "Hello from the mountain.",
    word_s: float = 0.0,
    engine: Engine | None = None,
    **switches: Any,
) -> AsyncGenerator[FakeOpenAIServer]:
    """A fake that answers in turn with `answers`, then with `otherwise`; or with whatever `engine` says."""
    lines = iter(answers)

    def scripted() -> Engine:
        return ScriptedEngine([next(lines, otherwise)], word_s=word_s)

    fake = FakeOpenAIServer(scripted if engine is None else lambda: engine, **switches)
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", fake.answer)
    app.router.add_post("/v1/completions", fake.answer)
    app.router.add_get("/v1/models", fake.list_models)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()


def error(message: str, **more: Any) -> dict[str, Any]:
    """An error as most servers write it."""
    return {"error": {"message": message, **more}}


def said(trouble: Says) -> web.Response:
    if isinstance(trouble.body, dict):
        return web.json_response(trouble.body, status=trouble.status, headers=trouble.headers)
    return web.Response(text=trouble.body, status=trouble.status, headers=trouble.headers)


async def hang(trouble: Cuts | Stalls) -> None:
    if isinstance(trouble, Cuts):
        await asyncio.sleep(0.02)  # what was written before is on its way
        raise Gone
    await asyncio.Event().wait()


def event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def turns_of(body: dict[str, Any]) -> list[Turn]:
    return body["messages"] if "messages" in body else [{"role": "user", "content": body["prompt"]}]


def request_of(body: dict[str, Any], deaf: bool) -> Request:
    """What an engine of ours is asked by such a body."""
    stop = () if deaf else body.get("stop", ())
    sampling = Sampling(
        temperature=body["temperature"],
        top_p=body["top_p"],
        top_k=max(0, body.get("top_k", 0)),
        repetition_penalty=body.get("repetition_penalty", 1.0),
        max_new_tokens=body["max_tokens"],
        stop=tuple(stop),
        seed=body.get("seed"),
    )
    return Request(turns_of(body), sampling=sampling, shape="chat" if "messages" in body else "text")


def chunk(body: dict[str, Any], text: str = "", end: str | None = None) -> dict[str, Any]:
    told = {"delta": {"content": text} if text else {}} if "messages" in body else {"text": text}
    return {"object": "chunk", "model": body["model"], "choices": [{"index": 0, "finish_reason": end, **told}]}


def usage_of(finish: Finish) -> dict[str, int]:
    return {"prompt_tokens": finish.prompt_tokens, "completion_tokens": finish.completion_tokens}
