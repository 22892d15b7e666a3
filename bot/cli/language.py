"""The language of the command line: whoever sits at the shell, else the config, decides.

Owns the help and the usage errors in that language. Typer builds both from English: its commands are told again
once they are built, its headings are its module's own constants, and its errors are caught here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

import typer
from typer import rich_utils

from db import config
from db.foreign import told_again
from db.words import mark, say

# Typer's headings, by the names of its constants.
_HEADINGS = {
    "ARGUMENTS_PANEL_TITLE": mark("Arguments"),
    "OPTIONS_PANEL_TITLE": mark("Options"),
    "COMMANDS_PANEL_TITLE": mark("Commands"),
    "ERRORS_PANEL_TITLE": mark("Error"),
    "ABORTED_TEXT": mark("Aborted."),
    "DEPRECATED_STRING": mark("(deprecated) "),
    "DEFAULT_STRING": mark("[default: {}]"),
    "ENVVAR_STRING": mark("[env var: {}]"),
    "REQUIRED_LONG_STRING": mark("[required]"),
    "RICH_HELP": mark("Try [blue]'{command_path} {help_option}'[/] for help."),
}
_USAGE = mark("Usage: ")


def of_config(arguments: Sequence[str]) -> str | None:
    """The config's language; None where the config is broken, which the command itself will tell."""
    try:
        return config.load(config.Shared, _named(arguments)).language.default
    except config.ConfigRefused:
        return None


def _named(arguments: Sequence[str]) -> Path | None:
    """The file that --config names: the language is needed before options are read."""
    for place, word in enumerate(arguments):
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
        if word == "--config" and place + 1 < len(arguments):
            return Path(arguments[place + 1])
    return None


def run(cli: typer.Typer) -> NoReturn:
    """Run the command that was written, as `cli()` does, and leave. Raises what the command raises."""
    try:
        status = in_language(cli).main(standalone_mode=False)
    except typer.TyperException as error:
        _show(error)
        raise SystemExit(error.exit_code) from None
    except typer.Abort:
        rich_utils.rich_abort_error()
        raise SystemExit(1) from None
    raise SystemExit(status if isinstance(status, int) else 0)


def _show(error: typer.TyperException) -> None:
    told = told_again(error.format_message())
    error.format_message = lambda: told
    rich_utils.rich_format_error(cast("Any", error))


def in_language(cli: typer.Typer) -> Any:
    """`cli` as a command whose help is in the language spoken now."""
    for name, heading in _HEADINGS.items():
        setattr(rich_utils, name, say(heading))
    root = typer.main.get_command(cli)
    for command in commands(root):
        _tell(command)
    return root


def commands(command: Any) -> Iterator[Any]:
    """A command, and everything below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from commands(below)


def texts(command: Any) -> Iterator[tuple[Any, str]]:
    """Where the help of a command stands: what has it, and the attribute's name."""
    for owner in (command, *command.params):
        for attribute in ("help", "short_help", "rich_help_panel"):
            if isinstance(getattr(owner, attribute, None), str) and getattr(owner, attribute):
                yield owner, attribute


def _tell(command: Any) -> None:
    for owner, attribute in texts(command):
        setattr(owner, attribute, say(getattr(owner, attribute)))
    usage = command.get_usage
    command.get_usage = lambda context: usage(context).replace("Usage: ", say(_USAGE), 1)
    option = command.get_help_option  # made by click when it is asked for

    def told(context: Any) -> Any:
        found = option(context)
        if found is not None:
            found.help = say("Show this message and exit.")
        return found

    command.get_help_option = told
