"""`yamabiko demo --ja --novel FILE`: a novel is brought in and learned, and one sentence goes on before and after.

Owns the order of it, and the recipe that ends in a few minutes. The steps are those that the README types by hand.
"""

import time
from dataclasses import dataclass

from rich.cells import set_cell_size

from bot.app import Rows, open_rows
from bot.chat.compare import compare
from bot.chat.ingest import Import
from bot.chat.verbs import text
from bot.chat.verbs.personas import Wishes
from bot.cli.common import err, out, shell
from bot.cli.demo_steps import base_ready, persona_there, taught
from bot.cli.talk import talking
from bot.importers.text_file import TextFile
from db.words import say

BASE = "gemma3-270m"
PROMPT = "彼は老いていた。漁師は"
CANDIDATES = 3
MINUTES = 4  # a long novel is not read to its end
RECIPE = {"epochs": 2, "batch": 4}  # a short story, read more often, is learned by heart
SAMPLING = {"max_new_tokens": 64, "repetition_penalty": 1.1}  # small models love an echo


@dataclass(frozen=True, slots=True)
class Continued:
    """How `prompt` goes on, several times from each; losses are nats per token on held-out text."""

    persona: str
    adapter: int
    prompt: str
    before: list[str]
    after: list[str]
    loss_base: float
    loss_adapter: float
    messages: int
    trained_now: bool
    seconds: float


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
    return Continued(
        persona=persona,
        adapter=live.number,
        prompt=PROMPT,
        before=spoken[0].answers,
        after=spoken[1].answers,
        loss_base=live.figures["base"]["loss"],
        loss_adapter=live.figures["candidate"]["loss"],
        messages=live.messages,
        trained_now=trained_now,
        seconds=round(time.monotonic() - began, 1),
    )


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
    out.print(f"\n[bold]{told.prompt}[/bold]")
    for when, continuations in ((say("before"), told.before), (say("after"), told.after)):
        for continuation in continuations:
            out.print(f"  {set_cell_size(when, 7)}", style="cyan", end="")
            out.print("… " + " ".join(continuation.split()), markup=False)
    out.print(
        "\n"
        + say(
            "Held-out loss {before:.2f} → {after:.2f} nats per token from {messages} paragraphs, in {seconds:.0f} s.",
            before=told.loss_base,
            after=told.loss_adapter,
            messages=told.messages,
            seconds=told.seconds,
        )
        + "\n"
    )
