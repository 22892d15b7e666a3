"""`yamabiko import …`, `channel …`, `review`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bot.app import Rows
from bot.chat.ingest import Archive, Import, Imported
from bot.chat.verbs import text
from bot.cli.common import TEXT, Json, call, err, out, print_json, shell, table, with_rows
from db.channels import ChannelSummary
from db.coded import shown
from db.models.text import Provenance, Review
from db.words import listed, say, say_as, say_count

REVIEWS: tuple[Review, ...] = ("pending", "approved", "left_out")

cli = typer.Typer()
channel = typer.Typer(no_args_is_help=True, help="Channels, and what each is open for.")
imports = typer.Typer(no_args_is_help=True, help="Bring in text from files.")

Ground = Annotated[
    str | None,
    typer.Option("--consent-ground", help="Record every author's consent to training, and what it rests on."),
]


@imports.command("slack-export")
def slack_export(file: Path, consent_ground: Ground = None, as_json: Json = False) -> None:
    """The zip that Slack gives a workspace's owner (Settings → Import/Export Data)."""
    from bot.importers.slack_export import SlackExport

    with SlackExport(file) as archive:
        _print_import(_bring_in(archive, "slack_export", consent_ground), consent_ground, as_json)


@imports.command("text")
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
    return await Import(rows.sessions, archive, provenance, shell().name).run(ground, show)


def _print_import(done: Imported, ground: str | None, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    if done.resumed:
        out.print(say("Went on where an earlier import had stopped."))
    for line in _counts(done):
        out.print(line)
    if done.consents:
        line = say_count(
            "Consent recorded for {count:,} member.", "Consent recorded for {count:,} members.", done.consents
        )
        out.print(line)
    if not ground:
        out.print(say("Nobody has agreed to training yet: see `yamabiko consent --help`."))
    out.print(say("Next: `yamabiko channel list`, then `yamabiko channel approve NAME --training`."))


def _counts(done: Imported) -> Iterator[str]:
    if done.stored:
        yield _stored(done)
    if done.unchanged:
        before = say_count(
            "{count:,} message had been stored before.", "{count:,} messages had been stored before.", done.unchanged
        )
        yield before if done.stored else say("Nothing new: {before}", before=before)
    if done.revised:
        yield say_count(
            "{count:,} message had changed; the new text is stored beside the old.",
            "{count:,} messages had changed; the new text is stored beside the old.",
            done.revised,
        )
    for reason, count in done.left_out.most_common():
        yield say("  left out: {count:,} {reason}", count=count, reason=shown("left out", reason))


def _stored(done: Imported) -> str:
    if not done.members:
        return say_count("{count:,} message stored.", "{count:,} messages stored.", done.stored)
    whose = say_count("{count:,} member", "{count:,} members", done.members)
    return say_count(
        "{count:,} message of {whose} stored.", "{count:,} messages of {whose} stored.", done.stored, whose=whose
    )


@channel.command("list")
def channels(as_json: Json = False) -> None:
    """All channels with text, and what each is open for."""
    found = call(text.list_channels)
    if as_json:
        print_json(found)
        return
    rows = [(c.workspace, c.name, c.platform, _open_for(c), c.messages) for c in found]
    headings = (say("workspace"), say("channel"), say_as("heading", "from"), say("open for"), say("messages"))
    table(headings, rows, say("There is no text yet; `yamabiko import --help` tells how to bring some in."))


def _open_for(channel: ChannelSummary) -> str:
    opened = say("nothing") if channel.state == "closed" else shown("channel state", channel.state)
    if channel.review_each and channel.state == "training":
        opened = say("training, after review")
    return say("{opened}; paused", opened=opened) if channel.paused else opened


@channel.command()
def approve(
    name: str,
    training: Annotated[bool, typer.Option("--training", help="For training too, not for context alone.")] = False,
    review_each: Annotated[bool, typer.Option(help="Train only on messages approved in review.")] = False,
    as_json: Json = False,
) -> None:
    """Open a channel: its text may be context, and with --training it may be learned from.

    Slack's and Discord's developer terms restrict training on text that came through their APIs; files you
    own, your workspace's own export and members' own data packages are the safe ground.
    """
    call(text.approve, name, training, review_each)
    state = "training" if training else "context"
    if as_json:
        print_json({"channel": name, "state": state})
    else:
        out.print(_opened(name, training), markup=False)


def _opened(channel: str, training: bool) -> str:
    if training:
        return say("{channel} is open for training.", channel=channel)
    return say("{channel} is open for context.", channel=channel)


@channel.command()
def close(name: str, as_json: Json = False) -> None:
    """Nothing of the channel is used from now on."""
    call(text.close, name)
    if as_json:
        print_json({"channel": name, "state": "closed"})
    else:
        out.print(say("{channel} is closed.", channel=name), markup=False)


@cli.command(rich_help_panel=TEXT)
def review(
    channel: Annotated[str | None, typer.Argument(help="Show this channel's messages.")] = None,
    approve: Annotated[list[int] | None, typer.Option(help="A message's number; may be repeated.")] = None,
    leave_out: Annotated[list[int] | None, typer.Option(help="A message's number; may be repeated.")] = None,
    state: Annotated[str | None, typer.Option(help="Only pending, approved or left_out.")] = None,
    limit: int = 30,
    as_json: Json = False,
) -> None:
    """Look at messages, approve them or leave them out."""
    wanted = next((known for known in REVIEWS if known == state), None)
    if state is not None and wanted is None:
        raise typer.BadParameter(say("The state is one of {states}.", states=listed(REVIEWS)))
    if channel is None and not approve and not leave_out:
        raise typer.BadParameter(say("Name a channel, or messages to approve or leave out."))
    choices: dict[Review, list[int] | None] = {"approved": approve, "left_out": leave_out}
    changed: dict[Review, int] = {chosen: call(text.review, ids, chosen) for chosen, ids in choices.items() if ids}
    if channel is None:
        _print_reviewed(changed, as_json)
        return
    found = call(text.to_review, channel, wanted, limit)
    if as_json:
        print_json(found)
        return
    if changed:
        _print_reviewed(changed, as_json)
    rows = [(str(m.id), m.at, m.author, m.text, shown("review", m.review)) for m in found]
    table((say("no."), say("written"), say("who"), say("text"), say("review")), rows, say("No messages."))


def _print_reviewed(changed: dict[Review, int], as_json: bool) -> None:
    if as_json:
        print_json(changed)
    else:
        told = say_count("{count:,} message reviewed.", "{count:,} messages reviewed.", sum(changed.values()))
        out.print(told)
