"""How tests ask a remote engine: a quick one on the fake server, and what it says.

Owns the asking. Knows nothing of what a server does wrong.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from bot.generation.engine import Piece, Request, Sampling, Turn
from bot.generation.openai_server import Patience
from bot.generation.remote import RemoteEngine
from tests.fakes.openai_server import FakeOpenAIServer

HELLO: list[Turn] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "山彦さん、おはよう"}]
ENDLESS = Request(HELLO, sampling=Sampling(max_new_tokens=10_000))
QUICK = Patience(pauses=(0.01, 0.02), tail_s=0.05)


@asynccontextmanager
async def remote(server: FakeOpenAIServer, **options: Any) -> AsyncGenerator[RemoteEngine]:
    async with aclosing(RemoteEngine(server.url, "echo", **{"patience": QUICK, **options})) as engine:
        yield engine


async def collect(engine: RemoteEngine, request: Request) -> list[Piece]:
    return [news async for news in engine.generate(request) if isinstance(news, Piece)]


async def say(engine: RemoteEngine, request: Request, candidate: int = 0) -> str:
    return "".join(piece.text for piece in await collect(engine, request) if piece.candidate == candidate)


def line(text: str, end: str | None = None) -> str:
    """A line of a stream with one piece of a chat."""
    reason = f'"{end}"' if end else "null"
    return f'data: {{"choices": [{{"delta": {{"content": "{text}"}}, "finish_reason": {reason}}}]}}'
