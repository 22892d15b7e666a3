"""`yamabiko block`, `unblock`, `pause`, `resume`, `replies`, `reply delete`."""

from typing import Annotated

import typer

from bot.chat.verbs import moderation
from bot.cli.common import ORDER, Json, call, out, print_json, table
from bot.cli.wide import beginning
from db.coded import shown
from db.feedback import Thumbs
from db.words import listed, say

cli = typer.Typer()
reply = typer.Typer(no_args_is_help=True, help="One reply of the bot.")

Channel = Annotated[str | None, typer.Argument(help="A channel (default: everywhere).")]

BEGINNING = 42  # columns of a reply that its line shows


@cli.command(rich_help_panel=ORDER)
def block(
    member: str, reason: Annotated[str, typer.Option(help="Why, for the record.")] = "", as_json: Json = False
) -> None:
    """Answer a member no more, and keep nothing they ask."""
    name = call(moderation.block, member, reason)
    if as_json:
        print_json({"member": name, "blocked": True, "reason": reason})
    else:
        out.print(say("{name} is blocked.", name=name), markup=False)


@cli.command(rich_help_panel=ORDER)
def unblock(member: str, as_json: Json = False) -> None:
    """Answer a member again."""
    name = call(moderation.unblock, member)
    if as_json:
        print_json({"member": name, "blocked": False})
    else:
        out.print(say("{name} is answered again.", name=name), markup=False)


@cli.command(rich_help_panel=ORDER)
def pause(channel: Channel = None, as_json: Json = False) -> None:
    """Answer nobody for a while; who asks is told so."""
    name = call(moderation.pause, channel)
    if as_json:
        print_json({"paused": name or "everywhere"})
    else:
        out.print(_paused(name), markup=False)


@cli.command(rich_help_panel=ORDER)
def resume(channel: Channel = None, as_json: Json = False) -> None:
    """Answer again, in a channel or everywhere."""
    still = call(moderation.resume, channel)
    if as_json:
        print_json({"resumed": channel or "everywhere", "still_paused": [name or "everywhere" for name in still]})
        return
    out.print(say("Resumed in {channel}.", channel=channel) if channel else say("Resumed everywhere."), markup=False)
    if still:
        places = listed(name or say("everywhere") for name in still)
        out.print(say("Still paused: {places}.", places=places), markup=False)


def _paused(channel: str | None) -> str:
    if channel is None:
        return say("Paused everywhere; `yamabiko resume` ends it.")
    return say("Paused in {channel}; `yamabiko resume {channel}` ends it.", channel=channel)


@cli.command(rich_help_panel=ORDER)
def replies(limit: Annotated[int, typer.Option(min=1)] = 20, as_json: Json = False) -> None:
    """The newest replies: who asked, and how each begins."""
    found = call(moderation.list_replies, limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            r.id,
            r.at,
            r.channel,
            r.persona,
            r.asker,
            shown("reply status", r.status),
            _thumbs(r.thumbs),
            beginning(r.text or "", BEGINNING),
        )
        for r in found
    ]
    headings = (
        say("no."),
        say("asked"),
        say("channel"),
        say("persona"),
        say("by"),
        say("state"),
        say("thumbs"),
        say("begins"),
    )
    table(headings, rows, say("Nobody has asked anything yet; `yamabiko chat` does."))


def _thumbs(given: Thumbs) -> str:
    """How many up and how many down; nothing where nobody gave any."""
    return " ".join(f"{sign}{count}" for sign, count in (("+", given.up), ("−", given.down)) if count)


@reply.command()
def delete(
    reply: Annotated[int, typer.Argument(help="Its number in `yamabiko replies`.")], as_json: Json = False
) -> None:
    """Erase a reply and what was asked, and take away what was posted of it; a terminal keeps what it shows."""
    status = call(moderation.delete_reply, reply)
    if as_json:
        print_json({"reply": reply, "status": status})
    elif status == "deleted":
        out.print(say("Reply {reply} is deleted.", reply=reply))
    else:
        out.print(say("Reply {reply} is erased; a running bot takes away what it posted of it.", reply=reply))
