"""`yamabiko demo`: the whole chain on a community of our own, and what it changed.

Owns the order of the demo and its summary. Every step is a verb or an import like any other, and each looks
first whether it was done, so that an interrupted demo goes on and a second one is quick.
"""

import asyncio
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.app import Rows, open_rows
from bot.chat.collecting.ingest import Import
from bot.chat.verbs import text
from bot.chat.verbs.personas import Wishes
from bot.cli.common import err, out, print_json, shell
from bot.cli.demo_novel import continue_novel, present_novel
from bot.cli.demo_steps import base_ready, persona_there, taught
from bot.cli.demo_summary import Taught, print_beside, print_losses, taught_by
from bot.demo import Show
from bot.importers.text_file import TextFile
from db.words import mark, say, speaking

GROUND = "Yamabiko's own invention: nobody's words"
LOSSES = mark("Held-out loss {before:.2f} → {after:.2f} nats per token from {messages} messages, in {seconds:.0f} s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Taught):
    """`before` and `after` are answers by question."""

    before: dict[str, str]
    after: dict[str, str]


@contextmanager
def in_its_language(show: Show) -> Generator[None]:
    """Within this block people are told things in the community's language."""
    if show.language is not None:
        os.environ.setdefault("YAMABIKO_LANGUAGE__DEFAULT", show.language)  # the trainer we start says why it failed
    with speaking(show.language):
        yield


def show_demo(show: Show, novel: Path | None, as_json: bool) -> None:
    """The demo, and behind it the novel, run and told. Raises ImportRefused, DemoFailed, BaseNotReady."""
    text_file = TextFile(novel) if novel else None  # refused before minutes were spent
    summary = asyncio.run(run_demo(show))
    if not as_json:
        present(summary)
    told = asyncio.run(continue_novel(text_file)) if text_file else None
    if as_json:
        print_json({**asdict(summary), "novel": told} if told else summary)
    elif told:
        present_novel(told)


async def run_demo(show: Show) -> Summary:
    """Raises DemoFailed, BaseNotReady."""
    began = time.monotonic()
    async with open_rows() as rows:
        base = show.base or rows.settings.bases.default
        await base_ready(rows, base)
        await _community(rows, show)
        await persona_there(rows, show.persona, _wishes(show, base))
        live, trained_now = await taught(rows, show.persona, show.minutes)
    answers = live.figures["answers"]
    facts = taught_by(show.persona, live, trained_now, began)
    return Summary(**facts, before=answers["base"], after=answers["candidate"])


async def _community(rows: Rows, show: Show) -> None:
    club = show.community
    names = {(club.workspace.name, channel.name) for channel in club.channels}
    known = {(found.workspace, found.name) for found in await text.list_channels(rows.sessions, shell())}
    if names <= known:
        return
    err.print(say("bringing in {name}, a community of our own invention", name=club.workspace.name), markup=False)
    await Import(rows.sessions, club, "owner_file", shell()).run(GROUND, lambda fraction: None)
    for source in _sources(show):
        await text.approve(rows.sessions, shell(), source, True)


def _sources(show: Show) -> list[str]:
    return [f"{show.community.workspace.name}/{channel.name}" for channel in show.community.channels]


def _wishes(show: Show, base: str) -> Wishes:
    return Wishes(
        base=base,
        preset="chat",
        system_prompt=show.system,
        sources=_sources(show),
        prompts=show.questions,
        recipe=show.recipe,
        sampling=show.sampling,
    )


def present(summary: Summary) -> None:
    """The same questions before and after, and what to do next."""
    for question in summary.before:
        print_beside(question, [summary.before[question]], [summary.after[question]])
    print_losses(LOSSES, summary)
    out.print(
        say(
            "Look around with `yamabiko adapters {name}`, `yamabiko rollback {name}` or `yamabiko --help`.",
            name=summary.persona,
        )
        + "\n",
        style="dim",
    )
