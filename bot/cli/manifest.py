"""`yamabiko manifest`: what a network is told about the bot."""

import json
from typing import Annotated
from urllib.parse import quote

import typer

from bot.cli.common import BEGIN, err, out, print_json
from bot.config import BotConfig
from bot.platforms.slack.manifest import manifest as slack_manifest
from db import config
from db.words import say, speaking

cli = typer.Typer()

_NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_json="


@cli.command(rich_help_panel=BEGIN)
def manifest(
    network: Annotated[str, typer.Argument(help="slack")],
    name: Annotated[str, typer.Option(help="What the bot is called there.")] = "Yamabiko",
    url: Annotated[
        str | None, typer.Option(help="Where the network reaches the bot, with \\[slack] transport http.")
    ] = None,
    link: Annotated[bool, typer.Option(help="A link that begins the new app, in place of the manifest.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="It is JSON in any case.")] = False,
) -> None:
    """The manifest with which the bot's app is made in a network."""
    if network != "slack":
        raise typer.BadParameter(say("There is a manifest for slack."))
    settings = config.load(BotConfig)
    with speaking(settings.language.default):  # of the workspace, not of who stands at this shell
        made = slack_manifest(name, settings.slack.transport, url)
    if link:
        out.print(_NEW_APP + quote(json.dumps(made, ensure_ascii=False)), markup=False, soft_wrap=True)
        return
    print_json(made)
    if not as_json:
        err.print(
            say(
                "Choose “From a manifest” at {address} and paste this there; or open what `yamabiko manifest slack "
                "--link` prints.",
                address="https://api.slack.com/apps?new_app=1",
            ),
            markup=False,
            style="dim",
            soft_wrap=True,
        )
