"""From JSON lines to token sequences that know which of their tokens are targets.

Owns rendering, trimming and cutting. Knows no tensor: a sequence is a list of token ids, and what is learned
in it comes from places, never from a token's value, so that padding can hide no end of sequence.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from db.words import say
from trainer.train.failures import BadInput

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Turns = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Sample:
    """Token ids, of which those from `start` on are targets; `start` is at least 1."""

    ids: tuple[int, ...]
    start: int

    @property
    def targets(self) -> int:
        return len(self.ids) - self.start


@dataclass(frozen=True)
class Rendering:
    """How text becomes tokens with one prepared base.

    Templates write every special token, so nothing is added while encoding. In a vocabulary without newlines
    (`keeps_newlines` false) paragraphs of plain text are encoded apart, with the end-of-sequence token
    between.
    """

    tokenizer: "PreTrainedTokenizerBase"
    eos_ids: frozenset[int]
    keeps_newlines: bool

    def encode(self, text: str) -> list[int]:
        return cast(list[int], self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def template(self, turns: Sequence[dict[str, str]], name: str = "default", reply: bool = False) -> str:
        rendered = self.tokenizer.apply_chat_template(
            list(turns), chat_template=name, add_generation_prompt=reply, tokenize=False
        )
        return str(rendered)

    def paragraphs(self, text: str) -> list[int]:
        if self.keeps_newlines:
            return self.encode(text)
        eos = cast(int, self.tokenizer.eos_token_id)
        ids: list[int] = []
        for paragraph in filter(None, (line.strip() for line in text.split("\n"))):
            ids += [eos] if ids else []
            ids += self.encode(paragraph)
        return ids

    def opening(self) -> list[int]:
        """What the plain template writes before any content: the beginning-of-sequence token, or nothing."""
        return self.encode(self.template([{"role": "user", "content": ""}], "plain"))

    def prompt(self, shape: str, system: str, text: str) -> list[int]:
        """The ids after which an answer (chat) or a continuation (text) begins."""
        if shape == "text":
            return self.opening() + self.paragraphs(text.strip())
        before = [{"role": "system", "content": system}] if system else []
        turns = [*before, {"role": "user", "content": text.strip()}]
        return self.encode(self.template(turns, reply=True))


def read_samples(file: Path, shape: str, rendering: Rendering, block: int) -> list[Sample]:
    """The file's samples of at most `block` tokens each. Raises BadInput naming the line."""
    rows = list(_rows(file, "turns" if shape == "chat" else "text"))
    if shape == "text":
        return cut_stream([row for _, row in rows], rendering, block)
    return [_chat_row(number, row, rendering, block) for number, row in rows]


def _rows(file: Path, key: str) -> Iterator[tuple[int, Any]]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(say("The data file {file} cannot be read.", file=file.name)) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)[key]
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                say("Line {number} of {file} is no JSON object with {key!r}.", number=number, file=file.name, key=key)
            ) from error


def _chat_row(number: int, turns: Any, rendering: Rendering, block: int) -> Sample:
    try:
        clean = [{"role": turn["role"], "content": turn["content"].strip()} for turn in turns]
    except (TypeError, KeyError, AttributeError) as error:
        raise BadInput(say("Example {number} holds a turn without role or content.", number=number)) from error
    if len(clean) < 2 or clean[-1]["role"] != "assistant" or not clean[-1]["content"]:
        raise BadInput(
            say("Example {number} does not end with an assistant's turn that answers something.", number=number)
        )
    return chat_sample(clean, rendering, block)


def chat_sample(turns: Turns, rendering: Rendering, block: int) -> Sample:
    """One reply to learn, of at most `block` tokens.

    Targets are what the template writes for the reply, up to and with its first end-of-sequence token. A
    context too long loses its oldest turns, the system turn excepted; a target too long is cut, and then
    teaches no end.
    """
    asked, rest = _asked_and_rest(turns, rendering)
    room = block - min(len(rest), block // 2)
    while len(asked) > room and (shorter := _shorter(turns, len(asked) / room)) is not None:
        turns = shorter
        asked, rest = _asked_and_rest(turns, rendering)
    asked = asked[-room:]
    ids = (*asked, *rest[: block - len(asked)])
    return Sample(ids, len(asked))


def _asked_and_rest(turns: Turns, rendering: Rendering) -> tuple[list[int], list[int]]:
    asked = rendering.template(turns[:-1], reply=True)
    whole = rendering.template(turns)
    if not whole.startswith(asked):
        raise BadInput(
            say("This base's chat template writes a question differently once it is answered: choose another.")
        )
    rest = rendering.encode(whole[len(asked) :])
    end = next((place for place, token in enumerate(rest) if token in rendering.eos_ids), len(rest) - 1)
    return rendering.encode(asked), rest[: end + 1]


def _shorter(turns: Turns, excess: float) -> Turns | None:
    """The talk without its oldest words, still begun by a user's turn; None when nothing is left to drop."""
    first = 1 if turns[0]["role"] == "system" else 0
    later = next((place for place in range(first + 1, len(turns) - 1) if turns[place]["role"] == "user"), None)
    if later is not None:
        return turns[:first] + turns[later:]
    content = turns[first]["content"]
    if first >= len(turns) - 1 or len(content) < 2:
        return None
    kept = content[-max(1, int(len(content) / max(excess, 1.1))) :]
    return [*turns[:first], {**turns[first], "content": kept}, *turns[first + 1 :]]


def cut_stream(texts: Iterable[str], rendering: Rendering, block: int) -> list[Sample]:
    """The documents one after another in blocks of `block` tokens, each behind the template's opening."""
    opening = rendering.opening()
    stream = rendering.paragraphs("\n".join(text.strip() for text in texts))
    width = block - len(opening)
    pieces = (stream[place : place + width] for place in range(0, len(stream), width))
    blocks = [Sample((*opening, *piece), max(1, len(opening))) for piece in pieces]
    return [sample for sample in blocks if sample.targets > 0]


def spread(samples: Sequence[Sample], most_tokens: int) -> list[Sample]:
    """Samples evenly spread over the whole, of at most about `most_tokens` tokens together."""
    total = sum(len(sample.ids) for sample in samples)
    if total <= most_tokens:
        return list(samples)
    count = max(1, len(samples) * most_tokens // total)
    return [samples[place * len(samples) // count] for place in range(count)]
