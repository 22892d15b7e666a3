"""`yamabiko import …`."""

import shlex
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bot.app import Rows
from bot.chat.collecting.imported import counts, ended
from bot.chat.collecting.ingest import Archive, Import, Imported
from bot.cli.common import Json, err, out, print_json, shell, with_rows
from db.models.text import Provenance
from db.words import say

cli = typer.Typer(no_args_is_help=True, help="Bring in text from files.")

Ground = Annotated[
    str | None,
    typer.Option("--consent-ground", help="Record every author's consent to training, and what it rests on."),
]


@cli.command("slack-export")
def slack_export(file: Path, consent_ground: Ground = None, as_json: Json = False) -> None:
    """The zip that Slack gives a workspace's owner (Settings → Import/Export Data)."""
    from bot.importers.slack_export import SlackExport

    with SlackExport(file) as archive:
        _print_import(_bring_in(archive, "slack_export", consent_ground), consent_ground, as_json)


@cli.command("discord-export")
def discord_export(file: Path, consent_ground: Ground = None, as_json: Json = False) -> None:
    """A channel or thread that DiscordChatExporter wrote as JSON; import a channel before its threads.

    That program reads through Discord's API: training on its text needs `yamabiko permit-training` besides consent.
    """
    from bot.importers.discord_export import DiscordExport

    archive = DiscordExport(file)
    done = _bring_in(archive, "discord_export", consent_ground)
    _print_import(done, consent_ground, as_json, archive.workspace.name)


@cli.command("discord-package")
def discord_package(
    file: Path,
    consent_ground: Ground = None,
    direct_messages: Annotated[
        bool, typer.Option("--direct-messages", help="Their words in private conversations too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The zip that Discord sends members who ask for their data: their own messages alone."""
    from bot.importers.discord_package import DiscordPackage

    with DiscordPackage(file, private=direct_messages) as archive:
        _print_import(_bring_in(archive, "discord_package", consent_ground), consent_ground, as_json)


@cli.command("text")
def text_file(
    file: Path,
    into: Annotated[str | None, typer.Option("--channel", help="The channel's name (default: the file's).")] = None,
    as_json: Json = False,
) -> None:
    """A novel or any other text you may use; Aozora Bunko notation is recognised and removed."""
    from bot.importers.text_file import TextFile

    _print_import(_bring_in(TextFile(file, into), "owner_file", None), say("the owner's own file"), as_json)


def _bring_in(archive: Archive, provenance: Provenance, ground: str | None) -> Imported:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as progress:
        task = progress.add_task(say("importing"), total=1.0)

        def show(fraction: float) -> None:
            progress.update(task, completed=fraction)

        return with_rows(lambda rows: _import(rows, archive, provenance, ground, show))


async def _import(
    rows: Rows, archive: Archive, provenance: Provenance, ground: str | None, show: Callable[[float], None]
) -> Imported:
    return await Import(rows.sessions, archive, provenance, shell()).run(ground, show)


def _print_import(done: Imported, ground: str | None, as_json: bool, api_text_of: str = "") -> None:
    """`api_text_of` is the workspace whose API the text came through, if any."""
    if as_json:
        print_json(done)
        return
    for line in chain(counts(done), ended(done)):
        out.print(line, markup=False)
    if not ground:
        out.print(say("Nobody has agreed to training yet: see `yamabiko consent --help`."))
    if api_text_of:
        told = say(
            "This text came through Discord's API. Whatever members agree to, it is not trained on until you record "
            "your ground with `yamabiko permit-training {name} --ground …`; Discord's terms, as written, forbid it.",
            name=shlex.quote(api_text_of),
        )
        out.print(told, markup=False)
    out.print(say("Next: `yamabiko channel list`, then `yamabiko channel approve NAME --training`."))
