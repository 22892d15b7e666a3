"""`yamabiko panel`, `panel-link`."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import typer

from bot.app import App, Rows
from bot.cli.common import BEGIN, Json, err, out, print_json, shell, with_rows
from bot.cli.ending import to_its_end, until_stopped
from bot.trainer_process import trainer
from db.words import say

cli = typer.Typer()


@cli.command(rich_help_panel=BEGIN)
def panel() -> None:
    """Bot, trainer and the web panel, with no conversation in the terminal."""
    from bot.cli.talk import talking

    async def go() -> None:
        async with talking() as app, trained(app), with_panel(app), in_networks(app):
            await until_stopped()

    to_its_end(go())


@asynccontextmanager
async def in_networks(app: App) -> AsyncGenerator[None]:
    """The bot is in the networks that the config has tokens for, within this block."""
    from bot.networks import connected
    from bot.panel_root import link

    panel_link = partial(link, app.rows) if app.rows.settings.panel.enabled else None
    async with connected(app, panel_link, lambda what: err.print(what, markup=False, soft_wrap=True)):
        yield


@asynccontextmanager
async def trained(app: App) -> AsyncGenerator[None]:
    """A trainer lives within this block; why it ended is told."""
    async with trainer(app.rows.sessions, app.rows.settings.trainer_log) as own:
        keeping = asyncio.create_task(own.keep(lambda why: err.print(why, markup=False)))
        try:
            yield
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping


@asynccontextmanager
async def with_panel(app: App) -> AsyncGenerator[None]:
    """The panel is there within this block, and how to get in is told; without it the rest goes on."""
    from bot.panel.server import PanelUnavailable
    from bot.panel_root import link, open_panel  # web libraries are slow to import

    async with contextlib.AsyncExitStack() as stack:
        try:
            address = await stack.enter_async_context(open_panel(app))
            told = say("The panel is open: {link}", link=await link(app.rows, shell(), address))
            err.print(told, markup=False, soft_wrap=True)
        except PanelUnavailable as why:
            err.print(str(why), markup=False, soft_wrap=True)
        yield


@asynccontextmanager
async def panel_if_wanted(app: App) -> AsyncGenerator[None]:
    """`with_panel`, unless the config says that there be none."""
    async with contextlib.AsyncExitStack() as stack:
        if app.rows.settings.panel.enabled:
            await stack.enter_async_context(with_panel(app))
        yield


@cli.command("panel-link", rich_help_panel=BEGIN)
def panel_link(as_json: Json = False) -> None:
    """A link that lets one browser into the panel, once."""
    from bot.panel_root import link

    async def make(rows: Rows) -> str:
        return await link(rows, shell())

    made = with_rows(make)
    print_json({"link": made}) if as_json else out.print(made, markup=False, soft_wrap=True)
