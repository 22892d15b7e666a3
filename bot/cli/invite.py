"""`yamabiko invite`: how the bot comes into a network's places."""

import asyncio
from typing import Annotated

import typer

from bot.chat.platform import NotAdmitted
from bot.cli.common import BEGIN, Json, err, out, print_json
from bot.config import BotConfig, Discord
from bot.platforms.discord.checks import application
from bot.platforms.discord.permissions import BITS, PERMISSIONS, SCOPES, invitation
from db import config, logs
from db.words import say

cli = typer.Typer()


@cli.command(rich_help_panel=BEGIN)
def invite(
    network: Annotated[str, typer.Argument(help="discord")],
    application_id: Annotated[
        str | None, typer.Option(help="The app's id, where the bot's token is not at hand.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The link with which the bot is taken into a server, with just what it needs."""
    if network != "discord":
        raise typer.BadParameter(say("There is an invitation for discord."))
    if application_id is not None and not application_id.isdecimal():
        raise typer.BadParameter(say("The app's id is a number; it stands under “General Information” of the app."))
    app = application_id or _own(config.load(BotConfig).discord)
    if as_json:
        needed = [{"permission": one.name, "purpose": one.purpose} for one in PERMISSIONS]
        print_json({"link": invitation(app), "application": app, "scopes": SCOPES, "permissions": BITS, "for": needed})
        return
    out.print(invitation(app), markup=False, soft_wrap=True)
    _explain()


def _own(table: Discord) -> str:
    token = table.bot_token.get_secret_value()
    if not token:
        raise NotAdmitted(
            say(
                "There is no token yet: make one under “Bot” of the app and set YAMABIKO_DISCORD__BOT_TOKEN, or give "
                "the app's id with --application-id; it stands under “General Information” of the app."
            )
        )
    logs.never_show((token,))
    return asyncio.run(application(token, table.api_url))


def _explain() -> None:
    def note(line: str) -> None:
        err.print(line, markup=False, style="dim", soft_wrap=True)

    note(say("Open it where you are signed in to Discord, choose a server that you may manage, and let the bot:"))
    for one in PERMISSIONS:
        note(say("  {permission}: {purpose}", permission=say(one.name), purpose=say(one.purpose)))
