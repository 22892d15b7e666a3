"""`yamabiko demo`, `run`, `chat`, `say`, `compare`, `prepare`."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.app import READY, App, open_app, open_rows
from bot.chat.compare import Compared
from bot.chat.compare import compare as compare_speakers
from bot.cli.common import BEGIN, TALK, Json, err, out, print_json, shell
from bot.cli.ending import to_its_end, until_stopped
from bot.cli.panel import in_networks, panel_if_wanted, trained
from bot.platforms.console import Console, OneQuestion
from bot.prepare import prepare as prepare_base
from db import words
from db.coded import shown

cli = typer.Typer()

PersonaOption = Annotated[str | None, typer.Option("--persona", "-p", help="Who answers (default: the only one).")]


@asynccontextmanager
async def talking() -> AsyncGenerator[App]:
    """The app, following promotions while it is open."""
    with err.status(words.say("waking up")) as status:

        def progress(name: str, fraction: float | None) -> None:
            told = shown("phase", name)
            status.update(f"{told} {fraction:.0%}" if fraction else told)
            status.stop() if name == READY else status.start()

        async with open_app(progress) as app:
            status.stop()
            follow = asyncio.create_task(app.live.follow(app.rows.settings.chat.sync_seconds))
            try:
                yield app
            finally:
                follow.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await follow


async def converse(app: App, persona: str | None) -> None:
    """The terminal's own conversation, until the person has enough."""
    console = Console(persona)
    if sys.stdin.isatty():
        err.print(words.say("Ctrl-D or exit ends the conversation."), style="dim")
    with app.answering.serving(console):
        await console.run(lambda event: app.ask(console, event))


@cli.command(rich_help_panel=TALK)
def chat(persona: PersonaOption = None) -> None:
    """Talk with a persona in the terminal.

    What is promoted meanwhile speaks within two seconds.
    """

    async def go() -> None:
        async with talking() as app:
            await converse(app, persona)

    asyncio.run(go())


@cli.command(rich_help_panel=TALK)
def run(persona: PersonaOption = None) -> None:
    """Bot, trainer and panel together.

    It talks in the networks that the config has tokens for, otherwise in the terminal.
    """

    async def go() -> None:
        async with talking() as app, trained(app), panel_if_wanted(app), in_networks(app):
            await (until_stopped() if app.rows.settings.networks else converse(app, persona))

    to_its_end(go())


@cli.command(rich_help_panel=TALK)
def say(persona: str, text: str, as_json: Json = False) -> None:
    """One question, one answer."""

    async def go() -> OneQuestion:
        async with talking() as app:
            asked = OneQuestion(persona)
            with app.answering.serving(asked):
                await app.ask(asked, asked.mention(text))
            return asked

    answer = asyncio.run(go()).answer
    if answer is None:
        raise typer.Exit(1)  # why stands on standard error already
    print_json({"persona": persona, "answer": answer}) if as_json else out.print(answer, markup=False, soft_wrap=True)


@cli.command(rich_help_panel=TALK)
def compare(
    persona: str,
    prompt: Annotated[
        list[str] | None, typer.Option(help="What to ask (default: the persona's fixed prompts).")
    ] = None,
    adapter: Annotated[
        list[int] | None, typer.Option(help="An adapter's number (default: the newest candidate).")
    ] = None,
    candidates: Annotated[int, typer.Option(help="Answers from each.", min=1, max=8)] = 1,
    seed: int = 1,
    as_json: Json = False,
) -> None:
    """The same prompt, answered by base, live adapter and candidate."""

    async def go() -> list[Compared]:
        async with talking() as app:
            rows = compare_speakers(
                app.rows.sessions,
                shell(),
                app.live,
                persona,
                prompt or [],
                numbers=adapter or [],
                candidates=candidates,
                seed=seed,
            )
            return [row async for row in rows]

    found = asyncio.run(go())
    if as_json:
        print_json(found)
        return
    asked = ""
    for row in found:
        if row.prompt != asked:
            asked = row.prompt
            out.print(f"\n[bold]{asked}[/bold]")
        for answer in row.answers:
            out.print(f"  {_who(row)}: ", style="cyan", end="", markup=False)
            out.print(answer.strip(), markup=False)


def _who(row: Compared) -> str:
    if row.number is None:
        return words.say("base")
    if row.live:
        return words.say("adapter {number} (live)", number=row.number)
    return words.say("adapter {number}", number=row.number)


@cli.command(rich_help_panel=BEGIN)
def prepare(
    base: Annotated[str | None, typer.Argument(help="Default: the config's.")] = None,
    as_json: Json = False,
) -> None:
    """Make a base ready before it is first needed."""

    async def go() -> tuple[str, str]:
        async with open_rows() as rows:
            name = base or rows.settings.bases.default
            if name in rows.settings.bases.servers:
                return name, words.say("{base} is a model on a server; there is nothing to prepare.", base=name)
        with err.status(words.say("preparing")) as status:

            def progress(step: str, part: float | None) -> None:
                told = shown("phase", step)
                status.update(f"{told} {part:.0%}" if part else told)

            await prepare_base(name, progress)
        return name, words.say("{base} is ready.", base=name)

    name, told = asyncio.run(go())
    print_json({"prepared": name}) if as_json else out.print(told, markup=False)


@cli.command(rich_help_panel=BEGIN)
def demo(
    once: Annotated[bool, typer.Option(help="Do not stay to talk.")] = False,
    ja: Annotated[bool, typer.Option("--ja", help="A Japanese community, on Gemma; all is said in Japanese.")] = False,
    novel: Annotated[Path | None, typer.Option(help="With --ja: a novel too, learned and then continued.")] = None,
    as_json: Json = False,
) -> None:
    """A small community of ours, trained here and now.

    The same questions before and after; then you may talk with it.
    """
    from bot.cli.demo import in_its_language, show_demo
    from bot.demo import HARBOUR_RADIO, KODAMA_YU

    if novel is not None and not ja:
        raise typer.BadParameter(words.say("A novel is continued in Japanese: write --ja as well."))
    show = KODAMA_YU if ja else HARBOUR_RADIO
    with in_its_language(show):
        show_demo(show, novel, as_json)
        if not once and not as_json:

            async def go() -> None:
                async with talking() as app, trained(app), panel_if_wanted(app):
                    await converse(app, show.persona)

            asyncio.run(go())
