"""`yamabiko block`, `unblock`, `pause`, `resume`, `replies`, `reply delete`."""

from typing import Annotated

import typer

from bot.chat.verbs import moderation
from bot.cli.common import ORDER, Json, call, out, print_json, table

cli = typer.Typer()
reply = typer.Typer(no_args_is_help=True, help="One reply of the bot.")

Channel = Annotated[str | None, typer.Argument(help="A channel (default: everywhere).")]

WORDS = 40  # characters of a reply that its line shows


@cli.command(rich_help_panel=ORDER)
def block(
    member: str, reason: Annotated[str, typer.Option(help="Why, for the record.")] = "", as_json: Json = False
) -> None:
    """Answer a member no more, and keep nothing they ask."""
    name = call(moderation.block, member, reason)
    if as_json:
        print_json({"member": name, "blocked": True, "reason": reason})
    else:
        out.print(f"{name} is blocked.", markup=False)


@cli.command(rich_help_panel=ORDER)
def unblock(member: str, as_json: Json = False) -> None:
    """Answer a member again."""
    name = call(moderation.unblock, member)
    if as_json:
        print_json({"member": name, "blocked": False})
    else:
        out.print(f"{name} is answered again.", markup=False)


@cli.command(rich_help_panel=ORDER)
def pause(channel: Channel = None, as_json: Json = False) -> None:
    """Answer nobody for a while; who asks is told so."""
    name = call(moderation.pause, channel)
    if as_json:
        print_json({"paused": name or "everywhere"})
    else:
        again = f"yamabiko resume {name}" if name else "yamabiko resume"
        out.print(f"Paused {f'in {name}' if name else 'everywhere'}; `{again}` ends it.", markup=False)


@cli.command(rich_help_panel=ORDER)
def resume(channel: Channel = None, as_json: Json = False) -> None:
    """Answer again, in a channel or everywhere."""
    still = [name or "everywhere" for name in call(moderation.resume, channel)]
    if as_json:
        print_json({"resumed": channel or "everywhere", "still_paused": still})
        return
    out.print(f"Resumed {f'in {channel}' if channel else 'everywhere'}.", markup=False)
    if still:
        out.print(f"Still paused: {', '.join(still)}.", markup=False)


@cli.command(rich_help_panel=ORDER)
def replies(limit: Annotated[int, typer.Option(min=1)] = 20, as_json: Json = False) -> None:
    """The newest replies: who asked, and how each begins."""
    found = call(moderation.list_replies, limit)
    if as_json:
        print_json(found)
        return
    rows = [(r.id, r.at, r.channel, r.persona, r.asker, r.status, _beginning(r.text)) for r in found]
    headings = ("no.", "asked", "channel", "persona", "by", "state", "begins")
    table(headings, rows, "Nobody has asked anything yet; `yamabiko chat` does.")


def _beginning(text: str | None) -> str | None:
    words = " ".join((text or "").split())
    return words if len(words) <= WORDS else f"{words[:WORDS].rstrip()} …"


@reply.command()
def delete(
    reply: Annotated[int, typer.Argument(help="Its number in `yamabiko replies`.")], as_json: Json = False
) -> None:
    """Erase a reply and what was asked, and take away what was posted of it; a terminal keeps what it shows."""
    status = call(moderation.delete_reply, reply)
    if as_json:
        print_json({"reply": reply, "status": status})
    elif status == "deleted":
        out.print(f"Reply {reply} is deleted.")
    else:
        out.print(f"Reply {reply} is erased; a running bot takes away what it posted of it.")
