"""One model on an OpenAI-style server: asking it, asking it again, and saying why it does not answer.

Owns the connections, the patience with them, and the sentences about this server; none of them holds the key.
Knows no queue; at a deadline it is simply cancelled.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
import structlog

from bot.generation.engine import EngineBusy, EngineUnavailable, Request, Turn
from bot.generation.openai_wire import Chunk, Dialect, Refused, body_of, path_of, read_chunk, read_refusal
from bot.generation.server_sentences import sentence
from bot.generation.shorten import fit, guess
from db.words import Later, later

LONGEST_WAIT_S = 60.0  # of what a server asks for, where no deadline says less
LEAST_ROOM = 16  # tokens of turns; what is refused even then is refused for something else
WHERE_KEY = "the key of this base"

log = structlog.get_logger()


class Lost(Exception):
    """The connection or its sense was lost; the message says what the server did. `again`: trying anew may help."""

    def __init__(self, what: Later, again: bool = True) -> None:
        super().__init__(what)
        self.what, self.again = what, again


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: to connect, for the first piece, between pieces, after the last one; and before each new try."""

    connect_s: float = 5.0
    first_s: float = 120.0  # a server may have to load the model
    silence_s: float = 60.0
    tail_s: float = 1.0
    pauses: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)


@dataclass(slots=True)
class Asking:
    """One candidate being asked for, perhaps several times. `until` is a reading of the loop's clock."""

    request: Request
    candidate: int
    turns: list[Turn]
    room: int
    until: float | None
    tried: int = 0
    sent: dict[str, Any] = field(default_factory=dict[str, Any])


class OpenAIServer:
    """`url` is what OpenAI's own clients take, mostly ending in /v1; `context` in tokens, 0 where unknown.

    `where_key` is what people are told to set where the key is missing or wrong.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key: str = "",
        where_key: str = WHERE_KEY,
        context: int = 0,
        patience: Patience | None = None,
    ) -> None:
        self.host = httpx2.URL(url).netloc.decode("ascii")
        self.model = model
        self._key, self._where_key, self._context = key, where_key, context
        self._patience = patience or Patience()
        self._dialect = Dialect()
        # Silence is measured in pieces, not in bytes: a server may send signs of life for ever.
        self._http = httpx2.AsyncClient(
            base_url=url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=httpx2.Timeout(None, connect=self._patience.connect_s),
            limits=httpx2.Limits(max_connections=None),
        )

    async def models(self) -> list[str]:
        """The names of the models it says it has. Raises EngineUnavailable."""
        try:
            async with asyncio.timeout(self._patience.connect_s * 2):
                response = await self._http.get("models")
            if response.status_code != 200:
                raise read_refusal(response.status_code, self._without_key(response.text))
            return [one["id"] for one in response.json()["data"] or []]
        except Refused as refused:
            raise EngineUnavailable(self._about(refused, "models")) from refused
        except (TimeoutError, httpx2.TransportError) as cause:
            raise EngineUnavailable(
                later("The server at {host} cannot be reached; start it, or mend its url.", host=self.host)
            ) from cause
        except (ValueError, KeyError, TypeError) as cause:
            raise EngineUnavailable(
                later("What answers at {host} is no OpenAI-style server; mend its url.", host=self.host)
            ) from cause

    async def stream(self, request: Request, candidate: int, until: float | None) -> AsyncGenerator[Chunk]:
        """One candidate as it comes. Asks again while nothing was said; raises EngineBusy or EngineUnavailable."""
        asking = self._fitted(request, candidate, until)
        begun = False
        while True:
            try:
                async with aclosing(self._ask(asking)) as chunks:
                    async for chunk in chunks:
                        begun = begun or bool(chunk.text)
                        yield chunk
                return
            except (Refused, Lost) as caught:
                trouble = caught
            if begun:  # half of it was shown: saying it again would say it twice
                raise EngineUnavailable(
                    later("The server at {host} broke off in the middle of this reply; ask again.", host=self.host)
                ) from trouble
            await self._mend(asking, trouble)

    async def aclose(self) -> None:
        await self._http.aclose()

    def _fitted(self, request: Request, candidate: int, until: float | None) -> Asking:
        asking = Asking(request, candidate, list(request.turns), request.sampling.max_new_tokens, until)
        if self._context:
            asking.room = min(asking.room, self._context // 2)
            asking.turns = fit(asking.turns, self._context - asking.room)
        return asking

    async def _ask(self, asking: Asking) -> AsyncGenerator[Chunk]:
        """The chunks of one try. Raises Refused or Lost."""
        response = await self._send(asking)
        try:
            kind = response.headers.get("content-type", "")
            if response.status_code != 200:
                said = await self._read(response)
                raise read_refusal(response.status_code, said, response.headers.get("retry-after"))
            if "json" in kind:  # an error, or a server that does not stream
                yield read_chunk(json.loads(await self._read(response)))
                return
            if "event-stream" not in kind:
                raise ValueError(f"{kind or 'nothing'} where a stream of events was asked for")
            async with aclosing(self._chunks(response)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except httpx2.TransportError as cause:
            raise self._hung_up() from cause
        except ValueError as cause:
            raise Lost(
                later(
                    "The server at {host} does not answer as OpenAI-style servers do; mend the url in the config.",
                    host=self.host,
                ),
                again=False,
            ) from cause
        finally:
            await response.aclose()

    async def _send(self, asking: Asking) -> httpx2.Response:
        """The answer's head; its body is still to come."""
        asking.sent = body_of(asking.request, asking.turns, self.model, asking.candidate, asking.room, self._dialect)
        post = self._http.build_request("POST", path_of(asking.request), json=asking.sent)
        try:
            async with asyncio.timeout(self._patience.first_s):
                return await self._http.send(post, stream=True)
        except TimeoutError as cause:
            raise self._silent(self._patience.first_s) from cause
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as cause:
            raise Lost(
                later("The server at {host} cannot be reached; start it, or ask again later.", host=self.host)
            ) from cause
        except httpx2.TransportError as cause:
            raise self._hung_up() from cause

    async def _read(self, response: httpx2.Response) -> str:
        try:
            async with asyncio.timeout(self._patience.silence_s):
                return self._without_key((await response.aread()).decode(errors="replace"))
        except TimeoutError as cause:
            raise self._silent(self._patience.silence_s) from cause

    async def _chunks(self, response: httpx2.Response) -> AsyncGenerator[Chunk]:
        source = aiter(httpx2.EventSource(response))
        patience, ended = self._patience.first_s, False
        trouble: Exception = self._hung_up()  # what an end without an end means
        async with aclosing(cast("AsyncGenerator[httpx2.ServerSentEvent]", source)) as events:
            while True:
                try:
                    async with asyncio.timeout(self._patience.tail_s if ended else patience):
                        event = await anext(events, None)
                except TimeoutError as cause:
                    event, trouble = None, self._silent(patience)
                    trouble.__cause__ = cause
                except httpx2.TransportError as cause:
                    event, trouble = None, cause
                if event is None and not ended:
                    raise trouble
                if event is None:
                    return
                if event.data.startswith("[DONE]"):
                    ended = True  # the rest is read so that the connection can be used again
                elif event.data:
                    chunk = self._chunk(event.data, ended)
                    ended = ended or chunk.end is not None
                    patience = self._patience.silence_s
                    yield chunk

    def _chunk(self, data: str, ended: bool) -> Chunk:
        try:
            return read_chunk(json.loads(self._without_key(data)))
        except (Refused, ValueError):
            if ended:  # nothing that follows the last piece can spoil it
                return Chunk()
            raise

    def _silent(self, seconds: float) -> Lost:
        told = later(
            "The server at {host} said nothing for {seconds:g} seconds; ask again, or look at its log.",
            host=self.host,
            seconds=seconds,
        )
        return Lost(told, again=False)

    def _hung_up(self) -> Lost:
        return Lost(later("The server at {host} hung up; ask again.", host=self.host))

    async def _mend(self, asking: Asking, trouble: Refused | Lost) -> None:
        """Makes `asking` one that may succeed, or waits until it may. Raises EngineBusy or EngineUnavailable."""
        if isinstance(trouble, Refused):
            if trouble.too_long and self._shorten(asking, trouble.window):
                return
            if self._dialect.learn(trouble, asking.sent):
                log.info("asking as this server understands it", server=self.host, why=str(trouble))
                return
        again = trouble.passing and not trouble.too_long if isinstance(trouble, Refused) else trouble.again
        pause = self._pause(asking, trouble) if again else None
        if pause is None:
            raise self._unavailable(trouble, asking) from trouble
        asking.tried += 1
        await asyncio.sleep(pause)

    def _shorten(self, asking: Asking, window: int | None) -> bool:
        """Makes the reply shorter if it was the reply that filled the window, else halves the turns.

        Only the server can count, and most say no more than that it is too much.
        """
        if window and asking.room > window // 2:
            asking.room = window // 2
            return True
        size = guess(asking.turns)
        asking.turns = fit(asking.turns, size // 2)
        return size // 2 >= LEAST_ROOM and guess(asking.turns) < size

    def _pause(self, asking: Asking, trouble: Refused | Lost) -> float | None:
        """Seconds until the next try; None when there is no time or no hope left."""
        if asking.tried >= len(self._patience.pauses):
            return None
        wished = trouble.retry_after_s if isinstance(trouble, Refused) else None
        pause = max(wished or 0.0, self._patience.pauses[asking.tried])
        if asking.until is None:
            return pause if pause <= LONGEST_WAIT_S else None
        return pause if asyncio.get_running_loop().time() + pause < asking.until else None

    def _unavailable(self, trouble: Refused | Lost, asking: Asking) -> EngineBusy | EngineUnavailable:
        if isinstance(trouble, Lost):
            return EngineUnavailable(trouble.what)
        if trouble.status == 429 and trouble.passing:
            return EngineBusy(self._full(trouble.retry_after_s))
        return EngineUnavailable(self._about(trouble, path_of(asking.request)))

    def _full(self, wait_s: float | None) -> Later:
        if not wait_s:
            return later("The server at {host} takes no more requests just now; ask again in a moment.", host=self.host)
        return later(
            "The server at {host} takes no more requests just now; ask again in {seconds:.0f} seconds.",
            host=self.host,
            seconds=wait_s,
        )

    def _about(self, refused: Refused, path: str) -> Later:
        return sentence(refused, self.host, self.model, path, bool(self._key), self._where_key)

    def _without_key(self, said: str) -> str:
        """Some servers repeat a wrong key in their answer, and answers are quoted and logged."""
        return said.replace(self._key, "…") if self._key else said
