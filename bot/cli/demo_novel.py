"""`yamabiko demo --ja --novel FILE`: a novel is brought in and learned, and one sentence goes on before and after.

Owns the order of it, and the recipe that ends in a few minutes. The steps are those that the README types by hand.
"""

import time
from dataclasses import dataclass

from bot.app import Rows, open_rows
from bot.chat.collecting.ingest import Import
from bot.chat.compare import compare
from bot.chat.verbs import text
from bot.chat.verbs.personas import Wishes
from bot.cli.common import err, out, shell
from bot.cli.demo_steps import base_ready, persona_there, taught
from bot.cli.demo_summary import Taught, print_beside, print_losses, taught_by
from bot.cli.talk import talking
from bot.importers.text_file import TextFile
from db.words import mark, say

BASE = "gemma3-270m"
PROMPT = "彼は老いていた。漁師は"
CANDIDATES = 3
MINUTES = 4  # a long novel is not read to its end
RECIPE = {"epochs": 2, "batch": 4}  # a short story, read more often, is learned by heart
SAMPLING = {"max_new_tokens": 64, "repetition_penalty": 1.1}  # small models love an echo
LOSSES = mark("Held-out loss {before:.2f} → {after:.2f} nats per token from {messages} paragraphs, in {seconds:.0f} s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued(Taught):
    """How `prompt` goes on, several times from each."""

    prompt: str
    before: list[str]
    after: list[str]


async def continue_novel(novel: TextFile) -> Continued:
    """Raises DemoFailed, BaseNotReady, engine errors."""
    began = time.monotonic()
    persona = f"novel-{novel.channel.name}"[:60]
    async with open_rows() as rows:
        await base_ready(rows, BASE)
        await _bring_in(rows, novel)
        await persona_there(rows, persona, _wishes(novel))
        live, trained_now = await taught(rows, persona, MINUTES)
    async with talking() as app:
        by_speaker = compare(
            app.rows.sessions, shell(), app.live, persona, [PROMPT], numbers=[], candidates=CANDIDATES, seed=1
        )
        spoken = [row async for row in by_speaker]
    facts = taught_by(persona, live, trained_now, began)
    return Continued(**facts, prompt=PROMPT, before=spoken[0].answers, after=spoken[1].answers)


async def _bring_in(rows: Rows, novel: TextFile) -> None:
    """Brought in again, a text adds nothing."""
    err.print(say("bringing in {name}", name=novel.title or novel.channel.name), markup=False)
    await Import(rows.sessions, novel, "owner_file", shell()).run(None, lambda fraction: None)
    await text.approve(rows.sessions, shell(), _source(novel), True)


def _source(novel: TextFile) -> str:
    return f"{novel.workspace.name}/{novel.channel.name}"


def _wishes(novel: TextFile) -> Wishes:
    return Wishes(
        base=BASE,
        preset="novel",
        sources=[_source(novel)],
        prompts=[PROMPT],
        recipe=RECIPE,
        sampling=SAMPLING,
    )


def present_novel(told: Continued) -> None:
    """The sentence as each goes on with it."""
    print_beside(told.prompt, told.before, told.after, lead="… ")
    print_losses(LOSSES, told)
    out.print()
