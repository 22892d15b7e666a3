"""From the rows that may be learned to the files that a training child reads.

Owns examples, lineage rows and the two JSON lines files. Knows no model: tokens are the child's business.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db import datasets, members
from db.coded import shown
from db.datasets import Learnable, Text, Used
from db.models import Dataset, Persona
from db.redact import redact
from db.session import Sessions, reading
from db.transcript import Line, turns, with_names
from db.words import listed, say
from trainer.curate import Curated, Rules, curate, held_out

CONTEXT_UTTERANCES = 4  # more of them cost tokens at every example, and small models make little of them


class TooLittleText(Exception):
    """There is too little to learn from; the message says how much there is and what keeps the rest out."""


@dataclass(frozen=True, slots=True)
class Example:
    """What the child reads, and the revisions it was made of."""

    content: dict[str, Any]
    targets: frozenset[int]
    context: frozenset[int]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Built:
    shape: str
    examples: list[Example]
    counts: dict[str, Any]

    def part(self, held_out: bool) -> list[Example]:
        return [example for example in self.examples if example.held_out == held_out]

    def lineage(self) -> Iterator[Used]:
        """One row a revision; being a target weighs more than being context, training more than held out."""
        best: dict[int, Used] = {}
        for example in self.examples:
            part = "held_out" if example.held_out else "train"
            for revision in example.targets | example.context:
                old = best.get(revision)
                target = revision in example.targets or (old is not None and old.as_target)
                best[revision] = Used(revision, old.part if old and old.part == "train" else part, target)
        yield from best.values()


async def build(sessions: Sessions, persona: Persona, rules: Rules, *, newest: int | None, min_targets: int) -> Built:
    """Select, redact by today's rules, clean, split and render. Raises TooLittleText."""
    async with reading(sessions) as session:
        found = await datasets.learnable(session, persona)
        agreed = await members.consenting(session, "community") | await members.consenting(session, "voice")
        names = await members.names(session, agreed)
    texts = _newest(found.texts, newest)
    # A large community takes seconds, in which the lease must still be kept.
    built = await asyncio.to_thread(_built, persona, replace(found, texts=texts), names, rules)
    _refuse_too_little(built, min_targets)
    return built


def _built(persona: Persona, found: Learnable, names: Mapping[int, str], rules: Rules) -> Built:
    texts = [replace(text, text=redact(text.text).text) for text in found.texts]
    shape = persona.shape if persona.shape == "text" or _has_dialogue(texts) else "text"
    curated = curate(texts, rules) if shape == "chat" else _everything(texts)
    # A conversation with nothing to learn from would be an empty examination.
    apart = held_out(text.conversation for text in curated.context if text.revision_id in curated.targets)
    make = _chat_examples if shape == "chat" else _text_examples
    examples = list(make(curated, names, persona.system_prompt, apart))
    return Built(shape, examples, _counts(curated, found.left_out + curated.left_out, shape, persona.shape))


def write(examples: Iterable[Example], file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for example in examples:
            out.write(json.dumps(example.content, ensure_ascii=False) + "\n")


async def record(session: AsyncSession, persona: Persona, built: Built, now: datetime) -> Dataset:
    """The dataset's row with its lineage."""
    return await datasets.record(session, persona.id, built.shape, built.lineage(), built.counts, now)


def _newest(texts: list[Text], limit: int | None) -> list[Text]:
    if limit is None or len(texts) <= limit:
        return texts
    chosen = {text.revision_id for text in sorted(texts, key=lambda text: text.at)[-limit:]}
    return [text for text in texts if text.revision_id in chosen]


def _has_dialogue(texts: Sequence[Text]) -> bool:
    """Whether anyone ever answers anyone: two authors in one conversation, or one half of it in a data package."""
    authors: dict[str, int | None] = {}
    return any(text.provenance == "discord_package" for text in texts) or any(
        authors.setdefault(text.conversation, text.member_id) != text.member_id for text in texts
    )


def _everything(texts: list[Text]) -> Curated:
    return Curated(texts, frozenset(text.revision_id for text in texts if text.may_be_target), Counter())


def _chat_examples(curated: Curated, names: Mapping[int, str], system: str, apart: frozenset[str]) -> Iterator[Example]:
    for strand in _strands(curated.context):
        spoken = strand.utterances()
        for place, utterance in enumerate(spoken):
            targets = [t for t in utterance if t.revision_id in curated.targets and t is not strand.lead]
            if not targets:
                continue
            before = [text for group in spoken[max(0, place - CONTEXT_UTTERANCES) : place] for text in group]
            lines = [Line(text.member_id, text.text) for text in (*before, *targets)]
            yield Example(
                {"turns": turns(lines, targets[0].member_id, names, system)},
                frozenset(text.revision_id for text in targets),
                frozenset(text.revision_id for text in before),
                strand.conversation in apart,
            )


@dataclass(frozen=True, slots=True)
class _Strand:
    """What was said in the channel, or one thread led by the message it hangs on."""

    conversation: str
    lead: Text | None
    texts: list[Text]

    def utterances(self) -> list[list[Text]]:
        """Consecutive messages of one author together, the lead first."""
        spoken = [self.lead, *self.texts] if self.lead else self.texts
        return [list(group) for _, group in groupby(spoken, key=lambda text: text.member_id)]


def _strands(texts: Sequence[Text]) -> Iterator[_Strand]:
    conversations: dict[tuple[int, str], list[Text]] = {}
    for text in texts:
        conversations.setdefault((text.channel_id, text.conversation), []).append(text)
    for (_, conversation), together in conversations.items():
        by_id = {text.platform_id: text for text in together}
        strands: dict[str | None, list[Text]] = {}
        for text in together:
            thread = text.thread if text.thread != text.platform_id else None
            strands.setdefault(thread, []).append(text)
        for thread, strand in strands.items():
            yield _Strand(conversation, by_id.get(thread) if thread else None, strand)


def _text_examples(
    curated: Curated, names: Mapping[int, str], _system: str, apart: frozenset[str]
) -> Iterator[Example]:
    for conversation, group in groupby(curated.context, key=lambda text: text.conversation):
        texts = [text for text in group if text.revision_id in curated.targets]
        if texts:
            content = "\n".join(with_names(text.text, names) for text in texts)
            used = frozenset(text.revision_id for text in texts)
            yield Example({"text": content}, used, frozenset(), conversation in apart)


def _counts(curated: Curated, left_out: Counter[str], shape: str, wanted: str) -> dict[str, Any]:
    used = Counter(text.provenance for text in curated.context if text.revision_id in curated.targets)
    counts: dict[str, Any] = {"by_provenance": dict(used), "left_out": dict(left_out)}
    if shape != wanted:
        counts["shape_chosen"] = "No one answers anyone in this text, so it is learned as plain text."
    return counts


def _refuse_too_little(built: Built, least: int) -> None:
    targets = sum(len(example.targets) for example in built.part(held_out=False))
    if targets >= least and built.part(held_out=True):
        return
    left_out = Counter[str](built.counts["left_out"])
    if not targets and not left_out:
        raise TooLittleText(
            say(
                "This persona has nothing to learn from yet: name its channels with `yamabiko persona edit "
                "--source CHANNEL`, or bring text in with `yamabiko import`."
            )
        )
    if targets >= least:
        raise TooLittleText(
            say(
                "All {targets} messages are one conversation, and a second one is needed to examine what was learned: "
                "write in a thread, or wait until people talk another time.",
                targets=targets,
            )
        )
    little = say(
        "There is too little text to learn from: {targets} messages, and at least {least} in two conversations are "
        "needed.",
        targets=targets,
        least=least,
    )
    reasons = listed(f"{count} {shown('left out', reason)}" for reason, count in left_out.most_common(4))
    raise TooLittleText(" ".join([little, say("Left out: {reasons}.", reasons=reasons)]) if reasons else little)
