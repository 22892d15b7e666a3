"""A small chat network on a socket of its own, which outlives the bots that are killed.

Owns mentions until they are acknowledged, and posts with their nonces and edits. It is as unhelpful as real
ones: it never refuses a nonce it has seen, keeps what a dead client had sent, answers late, and hands mentions
to everybody who is connected, again after every connection, and some of them twice.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass
class Post:
    id: str
    thread: str
    nonce: str
    text: str
    removed: bool = False


class Network:
    """`mentions` are texts by message id, `posts` everything ever posted, `finds` what was asked for after a crash."""

    def __init__(self, seed: int) -> None:
        self.mentions: dict[str, str] = {}
        self.posts: list[Post] = []
        self.finds = 0
        self._acknowledged: set[str] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._random = random.Random(seed)
        self._requests = 0
        self._target: int | None = None
        self._answers_target = True
        self._changed = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def at(cls, path: Path, seed: int) -> AsyncGenerator[Self]:
        network = cls(seed)
        server = await asyncio.start_unix_server(network._serve, path)
        try:
            yield network
        finally:
            server.close()
            for client in network._clients:
                client.close()

    def mention(self, message: str, text: str) -> None:
        self.mentions[message] = text
        for client in self._clients:
            self._deliver(client, message)

    def standing(self, thread: str) -> list[Post]:
        return [post for post in self.posts if post.thread == thread and not post.removed]

    async def connected(self, count: int) -> None:
        """Return when so many bots are there."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._clients) >= count)

    async def obeyed(self, requests: int, *, answered: bool = True) -> None:
        """Return when so many more requests were obeyed; the last one need not be answered, as if lost on its way."""
        self._target, self._answers_target = self._requests + requests, answered
        async with self._changed:
            await self._changed.wait_for(lambda: self._target is None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        await self._tell_change()
        for message in [one for one in self.mentions if one not in self._acknowledged]:
            self._deliver(writer, message)
        with suppress(ConnectionError):
            while line := await reader.readline():
                await self._obey(json.loads(line), writer)
        self._clients.discard(writer)
        writer.close()

    def _deliver(self, client: asyncio.StreamWriter, message: str) -> None:
        times = 2 if self._random.random() < 0.2 else 1
        for _ in range(times):
            _send(client, {"mention": message, "text": self.mentions[message]})

    async def _obey(self, request: dict[str, Any], client: asyncio.StreamWriter) -> None:
        result = getattr(self, f"_do_{request['do']}")(**request["with"])
        self._requests += 1
        if self._requests == self._target:
            self._target = None
            await self._tell_change()
            if not self._answers_target:
                return
        reply = {"number": request["number"], "result": result}
        asyncio.get_running_loop().call_later(self._random.uniform(0, 0.02), _send, client, reply)

    async def _tell_change(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _do_acknowledge(self, message: str) -> None:
        self._acknowledged.add(message)

    def _do_post(self, thread: str, nonce: str, text: str) -> str:
        self.posts.append(Post(f"p{len(self.posts)}", thread, nonce, text))
        return self.posts[-1].id

    def _do_edit(self, id: str, text: str) -> bool:
        post = self.posts[int(id[1:])]
        post.text = text
        return not post.removed

    def _do_remove(self, id: str) -> None:
        self.posts[int(id[1:])].removed = True

    def _do_find(self, thread: str) -> dict[str, str]:
        self.finds += 1
        return {post.nonce: post.id for post in self.standing(thread)}


def _send(client: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    if not client.is_closing():
        client.write(json.dumps(message).encode() + b"\n")
