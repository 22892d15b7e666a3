"""A bot to be killed: the real router, worker and posting in a process of their own, on `Network`.

Owns the platform's side of the network and what is answered to what. `python -m tests.fakes.networked_bot JSON`.
"""

import asyncio
import hashlib
import itertools
import json
import sys
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.chat.events import ChannelSeen, MemberSeen, Mention, Thread, WorkspaceSeen
from bot.chat.platform import Draft, OnEvent
from bot.chat.replying import posts
from bot.chat.replying.answering import Answering
from bot.chat.replying.posting import Gone, found, grow, refs_of
from bot.chat.replying.reply import Limits, Replier
from bot.chat.replying.router import Router
from bot.engines import Engines
from bot.generation.engine import Request
from bot.live_adapters import LiveAdapters
from db.session import open_engine, sessions_of
from tests.fakes.engine import ScriptedEngine, weightless

PERSONAS = 4  # each on a base of its own, so that as many replies grow at a time
WORDS = ["pine", "fog", "stone", "echo", "ridge", "snow", "trail", "lamp", "wind", "moss", "creek", "dawn"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the bot finds its rows and its network, and how patient and quick it is (seconds)."""

    url: str
    socket: str
    name: str
    lease: float
    patience: float = 900
    word: float = 0.02


def answer_to(asked: str) -> str:
    """The one right answer: between one and four posts long."""
    digest = hashlib.sha256(asked.encode()).digest()
    words = [WORDS[byte % len(WORDS)] for byte in digest[: 4 + digest[31] % 14]]
    return f"{asked}: {' '.join(words)} over"


def split(text: str) -> list[str]:
    """As short as posts can be, so that most answers are several."""
    return posts.split(text, 32)


class NetworkPlatform:
    """The network as the chat rooms see it."""

    name = "slack"

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sitting: str | None = None
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._mentions: asyncio.Queue[Mention] = asyncio.Queue()

    async def run(self, on_event: OnEvent) -> None:
        while True:
            mention = await self._mentions.get()
            await on_event(mention)
            await self._ask("acknowledge", message=mention.id)

    async def show(self, to: Thread, draft: Draft) -> str:
        return await grow(self, to, draft, split=split, pace_s=0.03)

    async def find(self, to: Thread, nonce: str, others: Collection[str] = ()) -> str | None:
        return found(nonce, await self._ask("find", thread=to.message))

    async def tell(self, to: Thread, sentence: str) -> None:
        await self._ask("post", thread=to.message, nonce="private", text=sentence)

    async def remove(self, to: Thread, ref: str) -> None:
        for one in refs_of(ref):
            await self._ask("remove", id=one)

    async def post(self, to: Thread, text: str, nonce: str) -> str:
        return await self._ask("post", thread=to.message, nonce=nonce, text=text)

    async def edit(self, to: Thread, ref: str, text: str) -> None:
        if not await self._ask("edit", id=ref, text=text):
            raise Gone

    async def listen(self) -> None:
        while line := await self._reader.readline():
            message = json.loads(line)
            if "mention" in message:
                self._mentions.put_nowait(_mention(message["mention"], message["text"]))
            else:
                asked = self._asked.pop(message["number"])
                if not asked.done():  # who asked may have been cancelled
                    asked.set_result(message["result"])

    async def _ask(self, do: str, **what: Any) -> Any:
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"number": number, "do": do, "with": what}).encode() + b"\n")
        return await self._asked[number]


def _mention(id: str, text: str) -> Mention:
    return Mention(
        workspace=WorkspaceSeen("slack", "T1", "Harbour"),
        channel=ChannelSeen("C1", "general"),
        author=MemberSeen("Ann", "Ann"),
        id=id,
        text=text,
        at=datetime.now(UTC),
        thread=id,
        persona=f"echo{sum(id.encode()) % PERSONAS}",
    )


async def main(wanted: Wanted) -> None:
    sessions = sessions_of(open_engine(wanted.url))

    async def open_base(base: str) -> ScriptedEngine:
        def answer(request: Request) -> str:
            return answer_to(request.turns[-1]["content"])

        return ScriptedEngine(otherwise=answer, word_s=wanted.word)

    live = LiveAdapters(sessions, Engines(weightless, open_base), Path())
    # More attempts than there are kills: here every mention is to be answered in the end.
    # Places in the queue are not told: what stands in a thread is counted.
    limits = Limits(patience=timedelta(seconds=wanted.patience), attempts=1000, told_from_place=1000)
    replier = Replier(sessions, live, limits)
    lease = timedelta(seconds=wanted.lease)
    answering = Answering(sessions, replier, wanted.name, at_once=48, lease=lease)
    platform = NetworkPlatform(*await asyncio.open_unix_connection(wanted.socket))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(answering.running())
        stack.enter_context(answering.serving(platform))
        router = Router(sessions, answering.wake)
        listening = asyncio.create_task(platform.listen())
        hearing = asyncio.create_task(platform.run(lambda event: router.on_mention(platform, event)))
        await asyncio.wait([listening, hearing], return_when=asyncio.FIRST_COMPLETED)


def command(wanted: Wanted) -> list[str]:
    return [sys.executable, "-m", "tests.fakes.networked_bot", json.dumps(asdict(wanted))]


if __name__ == "__main__":
    asyncio.run(main(Wanted(**json.loads(sys.argv[1]))))
