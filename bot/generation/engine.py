"""The engine's face: what generation is asked for and what it answers with.

Owns the protocol, the request, the pieces and the errors. Knows no model, no thread and no platform.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypedDict

Shape = Literal["chat", "text"]
Reason = Literal["stop", "length", "deadline"]


class Turn(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn. A temperature of 0 takes the likeliest one; top_k 0 means no limit."""

    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 50
    repetition_penalty: float = 1.0
    max_new_tokens: int = 128
    stop: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One wish for text.

    `shape` chooses the base's template when no adapter is named: "chat" renders turns, "text" continues the
    contents as they stand. `plain` continues them with an adapter too, whatever template it was trained with (and
    wants the shape "text"). `deadline_s` counts from the call of `generate`, waiting included.
    """

    turns: Sequence[Turn]
    adapter: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    candidates: int = 1
    shape: Shape = "chat"
    plain: bool = False
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """Why a candidate ended, and what it took. Times are seconds from the start of its generation.

    `completion_tokens` counts every token the model drew, the end-of-sequence token included. A request whose
    deadline passes in the queue finishes with zeros.
    """

    reason: Reason
    prompt_tokens: int
    completion_tokens: int
    first_token_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of one candidate; the last one of each carries `finish` (its text may be empty)."""

    candidate: int
    text: str
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request stands in the queue; place 1 is next."""

    place: int


class EngineBusy(Exception):
    """The queue is full; ask again in a moment."""


class EngineUnavailable(Exception):
    """The engine cannot serve this request now; the message says why in one sentence."""


class AdapterRefused(Exception):
    """The adapter does not fit this engine; the message says why in one sentence, and nothing of it stays."""


class Engine(Protocol):
    """One per prepared base."""

    def generate(self, request: Request) -> AsyncGenerator[Piece | Waiting]:
        """Pieces of every candidate as they come; raises EngineBusy or EngineUnavailable when iterated.

        Nothing is asked of the engine before the first iteration; aclose(), or the end of the task, cancels.
        """
        ...

    async def load_adapter(self, name: str, path: Path) -> None:
        """From now on requests may name it. Raises AdapterRefused or EngineUnavailable."""
        ...

    async def unload_adapter(self, name: str) -> None:
        """Takes no new requests for it at once; returns when no reply uses it. Unknown names are no error."""
        ...

    async def loaded_adapters(self) -> set[str]: ...

    async def aclose(self) -> None:
        """Ends what runs and waits with EngineUnavailable, and gives the memory back."""
        ...
