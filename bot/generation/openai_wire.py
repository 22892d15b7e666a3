"""What an OpenAI-style server is asked, and what its answers mean.

Owns the words of that protocol: bodies, chunks, refusals, and the dialects in which servers differ. Knows no
connection, no clock and no queue.
"""

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal, cast

from bot.generation.engine import Request, Turn

# Fields that not every server knows; a reply without them is still a reply.
OPTIONAL = frozenset({"top_k", "repetition_penalty", "repeat_penalty", "seed", "stream_options"})
MOST_STOPS = 4  # some servers refuse more; the rest of them are looked for on this side alone

TOO_LONG = re.compile(
    r"context[ _](length|size|window)|context_exceeded|context the overflows|prompt is too long|too many tokens", re.I
)
WINDOW = re.compile(
    r"(?:context length is|context length of only|context size \(|context window (?:is|of)|limit of|\"n_ctx\":)\s*(\d+)"
)
# Some models' templates know nobody but user and assistant.
SYSTEMLESS = re.compile(
    r"system (role|message|prompt)s? (is |are )?(not supported|unsupported)|roles must alternate", re.I
)
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # may be otherwise in a moment


class Refused(Exception):
    """The server answered with an error: its status (200 where it came as a piece) and its own words."""

    def __init__(self, status: int, words: str, said: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status}: {words}")
        self.status, self.words, self.retry_after_s = status, words, retry_after_s
        self._said = said

    @property
    def too_long(self) -> bool:
        """Whether the turns are more than the model's window holds."""
        return self.status not in (401, 403, 404, 429) and bool(TOO_LONG.search(self._said))

    @property
    def window(self) -> int | None:
        """How many tokens the window holds, where the server says it."""
        found = WINDOW.search(self._said)
        return int(found[1]) if found else None

    @property
    def systemless(self) -> bool:
        """Whether it is the system turn that the model's template cannot take."""
        return self.status in (400, 422, 500) and bool(SYSTEMLESS.search(self._said))

    @property
    def passing(self) -> bool:
        return self.status in PASSING and "insufficient_quota" not in self._said

    def names(self, *what: str) -> bool:
        """Whether the refusal speaks of any of these."""
        return any(re.search(rf"\b{re.escape(one)}\b", self._said) for one in what if one)


@dataclass(slots=True)
class Dialect:
    """What one server turned out not to understand, so that it is asked in its own way from then on."""

    without: set[str] = field(default_factory=set[str])
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    system: bool = True

    def learn(self, refused: Refused, sent: dict[str, Any]) -> bool:
        """Whether `sent`, asked again in the dialect as it is now, may be understood."""
        if refused.systemless and any(turn["role"] == "system" for turn in sent.get("messages", ())):
            self.system = False
            return True
        if refused.status not in (400, 422):
            return False
        if self.limit in sent and self.limit == "max_tokens" and refused.names("max_completion_tokens"):
            self.limit = "max_completion_tokens"
            return True
        named = {name for name in OPTIONAL & sent.keys() if refused.names(name)}
        self.without |= named
        return bool(named)


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a reply as a server sends it. `end` is its finish reason; `thought` is text nobody is shown."""

    text: str = ""
    end: str | None = None
    usage: Usage | None = None
    thought: bool = False


def path_of(request: Request) -> str:
    return "completions" if request.shape == "text" else "chat/completions"


def body_of(
    request: Request, turns: Sequence[Turn], model: str, candidate: int, room: int, dialect: Dialect
) -> dict[str, Any]:
    """The JSON to send for one candidate; `room` is how many tokens it may be long."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k or -1,  # 0 is refused by some and -1 means no limit to all
        "repetition_penalty": sampling.repetition_penalty,
        "repeat_penalty": sampling.repetition_penalty,  # the same by llama.cpp's name
        dialect.limit: room,
    }
    if request.shape == "text":
        body["prompt"] = "".join(turn["content"] for turn in turns)
    else:
        body["messages"] = [dict(turn) for turn in (turns if dialect.system else without_system(turns))]
    if stops := [stop for stop in sampling.stop if stop][:MOST_STOPS]:
        body["stop"] = stops
    if sampling.seed is not None:
        body["seed"] = sampling.seed + candidate
    return {name: value for name, value in body.items() if name not in dialect.without}


def without_system(turns: Sequence[Turn]) -> list[Turn]:
    """The same with the system text put before the first turn of the talk."""
    system = [turn["content"] for turn in turns if turn["role"] == "system"]
    first, *rest = [turn for turn in turns if turn["role"] != "system"] or [Turn(role="user", content="")]
    return [Turn(role=first["role"], content="\n\n".join([*system, first["content"]])), *rest]


def read_chunk(data: object) -> Chunk:
    """A chunk of a stream, or the whole answer of a server that does not stream. Raises Refused."""
    said = _table(data)
    if said.get("error"):
        raise read_refusal(200, json.dumps(data, ensure_ascii=False))
    choices = said.get("choices")
    choice = _table(choices[0]) if isinstance(choices, list) and choices else {}
    news = _table(choice.get("delta") or choice.get("message"))
    text = news.get("content") or choice.get("text")
    end = choice.get("finish_reason")
    return Chunk(
        text=text if isinstance(text, str) else "",
        end=end if isinstance(end, str) else None,
        usage=_usage(_table(said.get("usage"))),
        thought=bool(news.get("reasoning_content") or news.get("reasoning")),
    )


def read_refusal(status: int, said: str, retry_after: str | None = None) -> Refused:
    """An error's body in any of the ways servers write it; a status inside it wins over a 200 outside."""
    data: object = None
    with contextlib.suppress(ValueError):
        data = json.loads(said)
    error = _table(data).get("error") or _table(data).get("detail") or data
    code = _table(error).get("code")
    if status == 200 and isinstance(code, int) and 400 <= code < 600:
        status = code
    return Refused(status, _words(error, said), said, read_delay(retry_after))


def read_delay(retry_after: str | None) -> float | None:
    """Seconds from now, of a Retry-After header in seconds or as a date."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", retry_after):
        return float(retry_after)
    with contextlib.suppress(ValueError):
        at = parsedate_to_datetime(retry_after)
        return max(0.0, (at - at.now(at.tzinfo)).total_seconds())
    return None


def _words(error: object, said: str) -> str:
    """What a person may read of it, in one line."""
    told = _table(error).get("message") or error or said
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    if text.lstrip().startswith("<"):
        return ""  # a proxy's page
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _usage(usage: dict[str, Any]) -> Usage | None:
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return Usage(prompt, completion) if isinstance(prompt, int) and isinstance(completion, int) else None


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
