"""`yamabiko`: every verb on the command line, each with `--json`.

Owns words and options; what they do is in bot.chat.verbs. One module a subject.
"""

import asyncio
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.chat.troubles import is_ours
from bot.cli import (
    health,
    imports,
    invite,
    language,
    manifest,
    moderation,
    panel,
    people,
    personas,
    talk,
    text,
    training,
    wide,
)
from bot.cli.common import LEARN, ORDER, TEXT
from db import logs, words

cli = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="A bot that learns a community's way of speaking, with consent.",
)


@cli.callback()
def settings(
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: YAMABIKO_CONFIG, or ./config.toml).")
    ] = None,
) -> None:
    if config is not None:
        os.environ["YAMABIKO_CONFIG"] = str(config.absolute())  # the trainer we may start reads the same file


for part in (
    health.cli,
    manifest.cli,
    invite.cli,
    panel.cli,
    talk.cli,
    moderation.cli,
    people.cli,
    text.cli,
    training.cli,
):
    cli.add_typer(part)
cli.add_typer(moderation.reply, name="reply", rich_help_panel=ORDER)
cli.add_typer(imports.cli, name="import", rich_help_panel=TEXT)
cli.add_typer(text.channel, name="channel", rich_help_panel=TEXT)
cli.add_typer(personas.cli, name="persona", rich_help_panel=LEARN)


def main() -> None:
    """Run a command; an error of our own is one sentence, any other is a fault and shows its trace."""
    logs.configure("warning")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|peft")  # theirs to mend
    wide.teach_rich()
    words.set_default(language.of_config(sys.argv[1:]) or "en")
    with words.speaking(words.of_environment()):
        _run()


def _run() -> None:
    try:
        language.run(cli)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    except Exception as error:
        if not is_ours(error):
            raise
        Console(stderr=True, highlight=False).print(str(error), markup=False, soft_wrap=True)
        sys.exit(1)
