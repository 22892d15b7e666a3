"""`yamabiko channel …`, `members`, `role`, `consent`, `permit-training`, `review`."""

from typing import Annotated

import typer

from bot.chat.verbs import text
from bot.cli.common import TEXT, Json, call, out, print_json, table
from db.channels import ChannelSummary
from db.coded import shown
from db.members import MemberSummary, Purpose
from db.models.text import Review
from db.words import LANGUAGES, listed, say, say_as, say_count

REVIEWS: tuple[Review, ...] = ("pending", "approved", "left_out")

cli = typer.Typer()
channel = typer.Typer(no_args_is_help=True, help="Channels, and what each is open for.")


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
def members(as_json: Json = False) -> None:
    """Everyone who wrote, with role and consent."""
    found = call(text.list_members)
    if as_json:
        print_json(found)
        return
    rows = [(f"#{m.id}", m.name, m.workspace, _role(m), _consent(m.consents), m.messages) for m in found]
    headings = ("", say("name"), say("workspace"), say("role"), say("consent"), say("messages"))
    table(headings, rows, say("Nobody has written yet."))


def _role(member: MemberSummary) -> str:
    role = shown("role", member.role)
    return say("{role}, blocked", role=role) if member.blocked else role


def _consent(answers: dict[str, bool]) -> str:
    told = (f"{shown('purpose', purpose)}: {say('yes') if yes else say('no')}" for purpose, yes in answers.items())
    return listed(told) or "–"


@cli.command(rich_help_panel=TEXT)
def role(member: str, role: str, as_json: Json = False) -> None:
    """Make a member owner, admin, curator or member."""
    call(text.set_role, member, role)
    if as_json:
        print_json({"member": member, "role": role})
    else:
        out.print(say("{member} is now {role}.", member=member, role=shown("role", role)), markup=False)


@cli.command(rich_help_panel=TEXT)
def language(
    member: str,
    language: Annotated[str, typer.Argument(help="ja, en, or auto: what their network says.")],
    as_json: Json = False,
) -> None:
    """Choose the language in which the bot speaks with a member."""
    chosen = None if language == "auto" else language
    name = call(text.choose_language, member, chosen)
    if as_json:
        print_json({"member": name, "language": chosen})
    elif chosen is None:
        out.print(say("{member} hears the language of their network.", member=name), markup=False)
    else:
        out.print(say("{member} hears {language}.", member=name, language=LANGUAGES[chosen]), markup=False)


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
        raise typer.BadParameter(say("Name one member, or write --everyone."))
    if purpose not in ("community", "voice"):
        raise typer.BadParameter(say("The purpose is community or voice."))
    wanted: Purpose = "voice" if purpose == "voice" else "community"
    count = call(text.consent, member, not no, wanted, ground)
    if as_json:
        print_json({"recorded": count, "answer": not no, "purpose": purpose})
    else:
        out.print(_recorded(not no, shown("purpose", purpose), count))


def _recorded(yes: bool, purpose: str, count: int) -> str:
    if yes:
        return say_count(
            "Recorded yes ({purpose}) for {count:,} member.",
            "Recorded yes ({purpose}) for {count:,} members.",
            count,
            purpose=purpose,
        )
    return say_count(
        "Recorded no ({purpose}) for {count:,} member.",
        "Recorded no ({purpose}) for {count:,} members.",
        count,
        purpose=purpose,
    )


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
        told = (
            say("{workspace}: recorded.", workspace=name) if ground else say("{workspace}: withdrawn.", workspace=name)
        )
        out.print(told, markup=False)


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
