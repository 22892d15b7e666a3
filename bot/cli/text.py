"""`yamabiko import …`, `channel …`, `members`, `role`, `consent`, `permit-training`, `review`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bot.app import Rows
from bot.chat.ingest import Archive, Import, Imported
from bot.chat.verbs import text
from bot.cli.common import TEXT, Json, call, counted, err, out, print_json, shell, table, with_rows
from db.channels import ChannelSummary
from db.members import MemberSummary, Purpose
from db.models.text import Provenance, Review

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

    _print_import(_bring_in(TextFile(file, into), "owner_file", None), "the owner's own file", as_json)


def _bring_in(archive: Archive, provenance: Provenance, ground: str | None) -> Imported:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as progress:
        task = progress.add_task("importing", total=1.0)

        def show(fraction: float) -> None:
            progress.update(task, completed=fraction)

        return with_rows(lambda rows: _import(rows, archive, provenance, ground, show))


async def _import(
    rows: Rows, archive: Archive, provenance: Provenance, ground: str | None, show: Callable[[float], None]
) -> Imported:
    return await Import(rows.sessions, archive, provenance, shell()).run(ground, show)


def _print_import(done: Imported, ground: str | None, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    if done.resumed:
        out.print("Went on where an earlier import had stopped.")
    before = f"{counted(done.unchanged, 'message')} had been stored before."
    if done.stored:
        whose = f" of {counted(done.members, 'member')}" if done.members else ""
        out.print(f"{counted(done.stored, 'message')}{whose} stored.")
    if done.unchanged:
        out.print(before if done.stored else f"Nothing new: {before}")
    if done.revised:
        out.print(f"{counted(done.revised, 'message')} had changed; the new text is stored beside the old.")
    for reason, count in done.left_out.most_common():
        out.print(f"  left out: {count:,} {reason}")
    if done.consents:
        out.print(f"Consent recorded for {counted(done.consents, 'member')}.")
    if not ground:
        out.print("Nobody has agreed to training yet: see `yamabiko consent --help`.")
    out.print("Next: `yamabiko channel list`, then `yamabiko channel approve NAME --training`.")


@channel.command("list")
def channels(as_json: Json = False) -> None:
    """All channels with text, and what each is open for."""
    found = call(text.list_channels)
    if as_json:
        print_json(found)
        return
    rows = [(c.workspace, c.name, c.platform, _open_for(c), c.messages) for c in found]
    nothing = "There is no text yet; `yamabiko import --help` tells how to bring some in."
    table(("workspace", "channel", "from", "open for", "messages"), rows, nothing)


def _open_for(channel: ChannelSummary) -> str:
    opened = "nothing" if channel.state == "closed" else channel.state
    opened = f"{opened}, after review" if channel.review_each and channel.state == "training" else opened
    return f"{opened}; paused" if channel.paused else opened


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
        out.print(f"{name} is open for {state}.", markup=False)


@channel.command()
def close(name: str, as_json: Json = False) -> None:
    """Nothing of the channel is used from now on."""
    call(text.close, name)
    if as_json:
        print_json({"channel": name, "state": "closed"})
    else:
        out.print(f"{name} is closed.", markup=False)


@cli.command(rich_help_panel=TEXT)
def members(as_json: Json = False) -> None:
    """Everyone who wrote, with role and consent."""
    found = call(text.list_members)
    if as_json:
        print_json(found)
        return
    rows = [(f"#{m.id}", m.name, m.workspace, _role(m), _consent(m.consents), m.messages) for m in found]
    table(("", "name", "workspace", "role", "consent", "messages"), rows, "Nobody has written yet.")


def _role(member: MemberSummary) -> str:
    return f"{member.role}, blocked" if member.blocked else member.role


def _consent(answers: dict[str, bool]) -> str:
    return ", ".join(f"{purpose}: {'yes' if yes else 'no'}" for purpose, yes in answers.items()) or "–"


@cli.command(rich_help_panel=TEXT)
def role(member: str, role: str, as_json: Json = False) -> None:
    """Make a member owner, admin, curator or member."""
    call(text.set_role, member, role)
    if as_json:
        print_json({"member": member, "role": role})
    else:
        out.print(f"{member} is now {role}.", markup=False)


@cli.command(rich_help_panel=TEXT)
def consent(
    member: Annotated[str | None, typer.Argument(help="A member's name or #number; none with --everyone.")] = None,
    ground: Annotated[str, typer.Option(help="What the answer rests on; kept with it.")] = "",
    everyone: Annotated[bool, typer.Option(help="All who never answered.")] = False,
    no: Annotated[bool, typer.Option("--no", help="Record a no.")] = False,
    purpose: Annotated[str, typer.Option(help="community, or voice: to be spoken as.")] = "community",
    as_json: Json = False,
) -> None:
    """Record a member's answer about training on their text."""
    if (member is None) == (not everyone):
        raise typer.BadParameter("Name one member, or write --everyone.")
    if purpose not in ("community", "voice"):
        raise typer.BadParameter("The purpose is community or voice.")
    wanted: Purpose = "voice" if purpose == "voice" else "community"
    count = call(text.consent, member, not no, wanted, ground)
    if as_json:
        print_json({"recorded": count, "answer": not no, "purpose": purpose})
    else:
        out.print(f"Recorded {'no' if no else 'yes'} ({purpose}) for {counted(count, 'member')}.")


@cli.command("permit-training", rich_help_panel=TEXT)
def permit_training(
    workspace: str,
    ground: Annotated[str, typer.Option(help='Why you may train on its API text; "" withdraws.')],
    as_json: Json = False,
) -> None:
    """Record the owner's ground for training on API text.

    Slack's and Discord's developer terms, as written, forbid it without their own leave. Imported files
    do not need this.
    """
    ground = ground.strip()
    name = call(text.permit_training, workspace, ground)
    if as_json:
        print_json({"workspace": name, "ground": ground})
    else:
        out.print(f"{name}: {'recorded' if ground else 'withdrawn'}.", markup=False)


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
        raise typer.BadParameter(f"The state is one of {', '.join(REVIEWS)}.")
    if channel is None and not approve and not leave_out:
        raise typer.BadParameter("Name a channel, or messages to approve or leave out.")
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
    rows = [(str(m.id), m.at, m.author, m.text, m.review) for m in found]
    table(("no.", "written", "who", "text", "review"), rows, "No messages.")


def _print_reviewed(changed: dict[Review, int], as_json: bool) -> None:
    if as_json:
        print_json(changed)
    else:
        out.print(f"{counted(sum(changed.values()), 'message')} reviewed.")
