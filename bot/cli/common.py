"""What every command shares: who asks, the rows opened, and output as a table or as JSON."""

import asyncio
import dataclasses
import getpass
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot.app import Rows, open_rows
from bot.chat.verbs.authority import Actor
from db.words import listed, say

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

# The panels of `yamabiko --help`, translated with it (bot.cli.help).
BEGIN, TALK, ORDER = "Begin", "Talk", "Keep order"
TEXT, LEARN = "Text, and who agreed to what", "Learn"

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def shell() -> Actor:
    """Whoever can run commands beside the database owns it."""
    return Actor(f"shell:{getpass.getuser()}", "owner")


def with_rows(do: Callable[[Rows], Awaitable[T]]) -> T:
    """Open the database, do, close."""

    async def run() -> T:
        async with open_rows() as rows:
            return await do(rows)

    return asyncio.run(run())


def call(verb: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
    """A verb or query as whoever sits at the shell."""
    return with_rows(lambda rows: verb(rows.sessions, shell(), *args, **kwargs))


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], nothing: str) -> None:
    """A table for people, or the sentence `nothing` when there are no rows; numbers stand to the right."""
    cells = list(rows)
    if not cells:
        out.print(nothing, markup=False)
        return
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(headings), show_edge=False)
    for place, heading in enumerate(headings):
        values = [row[place] for row in cells]
        numbers = all(isinstance(value, int | float | None) for value in values)
        short = numbers or all(isinstance(value, datetime | None) for value in values)
        shown.add_column(heading, justify="right" if numbers else "left", overflow="fold", no_wrap=short)
    for row in cells:
        shown.add_row(*[_cell(value) for value in row])
    out.print(shown)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return say("yes") if value else say("no")
        case float():
            return f"{value:.3f}"
        case int():
            return f"{value:,}"
        case datetime():
            local = value.astimezone()
            this_year = local.year == datetime.now(local.tzinfo).year
            return _time(local, this_year)
        case list() | tuple() | set():
            return listed(value) or "–"
        case _:
            return str(value).replace("[", r"\[")


def _time(local: datetime, this_year: bool) -> str:
    if not this_year:
        return local.strftime("%Y-%m-%d")
    # Month names are strftime's own, which speaks the language of the C library and not ours.
    return local.strftime(say("%d %b %H:%M"))


def pairs(options: Sequence[str]) -> dict[str, Any]:
    """`key=value` options as a dict; values are read as JSON where they are."""
    found: dict[str, Any] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals:
            raise typer.BadParameter(say("{option!r} is not of the form key=value.", option=option))
        try:
            found[key.strip()] = json.loads(value)
        except json.JSONDecodeError:
            found[key.strip()] = value
    return found
