"""`yamabiko demo`: the whole chain on a community of our own, and what it changed.

Owns the order of the demo and its summary. Every step is a verb or an import like any other, and each looks
first whether it was done, so that an interrupted demo goes on and a second one is quick.
"""

import time
from dataclasses import dataclass

from bot.app import Rows, open_rows
from bot.chat.ingest import Import
from bot.chat.verbs import personas, text, training
from bot.chat.verbs.personas import Wishes
from bot.chat.verbs.training import AdapterReport
from bot.cli.common import err, out, print_json, shell
from bot.cli.training import ENDED, wait_for
from bot.demo import HarbourRadio
from db.personas import NoSuchPersona

NAME = "harbour"
GROUND = "Yamabiko's own invention: nobody's words"
SYSTEM = "You are the voice of Harbour Radio, a friendly amateur radio club. Answer briefly."
MINUTES = 4  # a slower machine trains less, not longer
QUESTIONS = (
    "Good morning! How are you today?",
    "What should I cook tonight?",
    "It is raining again. What shall I do?",
    "Can you recommend a book?",
    "Who are you?",
)


class DemoFailed(Exception):
    """The demo's training did not succeed; the message says why."""


@dataclass(frozen=True, slots=True)
class Summary:
    """`before` and `after` are answers by question; losses are nats per token on held-out talk."""

    persona: str
    adapter: int
    before: dict[str, str]
    after: dict[str, str]
    loss_base: float
    loss_adapter: float
    messages: int
    trained_now: bool
    seconds: float


async def run_demo() -> Summary:
    """Raises DemoFailed."""
    began = time.monotonic()
    async with open_rows() as rows:
        await _community(rows)
        await _persona(rows)
        live = await _live(rows)
        trained_now = live is None
        if live is None:
            await _train(rows)
            await training.promote(rows.sessions, shell(), NAME, None, "the demo")
            live = await _live(rows)
    assert live is not None
    answers = live.figures["answers"]
    return Summary(
        persona=NAME,
        adapter=live.number,
        before=answers["base"],
        after=answers["candidate"],
        loss_base=live.figures["base"]["loss"],
        loss_adapter=live.figures["candidate"]["loss"],
        messages=live.messages,
        trained_now=trained_now,
        seconds=round(time.monotonic() - began, 1),
    )


async def _community(rows: Rows) -> None:
    club = HarbourRadio()
    known = {channel.name for channel in await text.list_channels(rows.sessions, shell())}
    if known.issuperset(channel.name for channel in club.channels):
        return
    err.print("bringing in Harbour Radio, a community of our own invention")
    await Import(rows.sessions, club, "owner_file", shell()).run(GROUND, lambda fraction: None)
    for channel in club.channels:
        await text.approve(rows.sessions, shell(), f"{club.workspace.name}/{channel.name}", True)


async def _persona(rows: Rows) -> None:
    try:
        await personas.show(rows.sessions, shell(), NAME)
    except NoSuchPersona:
        club = HarbourRadio()
        wishes = Wishes(
            base=rows.settings.bases.default,
            preset="chat",
            system_prompt=SYSTEM,
            sources=[f"{club.workspace.name}/{channel.name}" for channel in club.channels],
            prompts=QUESTIONS,
            recipe={"epochs": 2, "block": 96},  # short enough for a few minutes on two cores
            sampling={"temperature": 0.6, "max_new_tokens": 60, "repetition_penalty": 1.1},
        )
        await personas.create(rows.sessions, shell(), NAME, wishes)


async def _live(rows: Rows) -> AdapterReport | None:
    found = await training.list_adapters(rows.sessions, shell(), NAME)
    return next((adapter for adapter in found if adapter.live), None)


async def _train(rows: Rows) -> None:
    runs = await training.list_runs(rows.sessions, shell(), NAME)
    open_runs = [run.id for run in runs if run.status not in ENDED]
    if not open_runs and any(
        a.state == "candidate" for a in await training.list_adapters(rows.sessions, shell(), NAME)
    ):
        return
    run = (
        open_runs[0]
        if open_runs
        else await training.retrain(
            rows.sessions, shell(), NAME, "the demo", {"max_minutes": MINUTES}, rows.settings.bases.servers
        )
    )
    report = await wait_for(rows, run)
    if report.status != "succeeded":
        raise DemoFailed(f"Run {report.id} {report.status}: {report.reason}")


def present(summary: Summary, as_json: bool) -> None:
    """The same questions before and after, and what to do next."""
    if as_json:
        print_json(summary)
        return
    for question in summary.before:
        out.print(f"\n[bold]{question}[/bold]")
        for when, answers in (("before", summary.before), ("after", summary.after)):
            out.print(f"  {when:<7}", style="cyan", end="")
            out.print(" ".join(answers[question].split()), markup=False)
    out.print(
        f"\nHeld-out loss {summary.loss_base:.2f} → {summary.loss_adapter:.2f} nats per token "
        f"from {summary.messages} messages, in {summary.seconds:.0f} s."
    )
    out.print(
        f"Look around with `yamabiko adapters {NAME}`, `yamabiko rollback {NAME}` or `yamabiko --help`.\n",
        style="dim",
    )
