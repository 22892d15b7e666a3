"""`yamabiko channel …`, `review`."""

from typing import Annotated

import typer

from bot.chat.collecting import past_words
from bot.chat.verbs import personas, text
from bot.cli.common import TEXT, Json, call, out, print_json, table
from db.channels import ChannelSummary
from db.coded import shown
from db.models.text import Review
from db.words import listed, say, say_as, say_count

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
    headings = [say("workspace"), say("channel"), say_as("heading", "from"), say("open for"), say("messages")]
    if any(c.past for c in found):  # channels of files have none
        rows = [(*row, past_words.told(c.past) if c.past else "") for row, c in zip(rows, found, strict=True)]
        headings.append(say("past"))
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


@channel.command()
def use(
    name: str,
    persona: Annotated[str | None, typer.Argument(help="Who answers there; without it, the only one there is.")] = None,
    as_json: Json = False,
) -> None:
    """Choose which persona answers in a channel."""
    found = call(personas.use, persona, name)
    if as_json:
        print_json({"channel": found, "persona": persona})
    elif persona is None:
        out.print(say("No persona is chosen for {channel} any more.", channel=found), markup=False)
    else:
        out.print(say("From now on {persona} answers in {channel}.", persona=persona, channel=found), markup=False)


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
