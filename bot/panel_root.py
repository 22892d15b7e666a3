"""The panel's composition root: the bot's settings and rooms become what the pages stand on.

Reads the config; the panel gets plain values.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.app import App, Rows
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.signing_in import panel_link
from bot.doctor import examine
from bot.importers.discord_export import DiscordExport
from bot.importers.discord_package import DiscordPackage
from bot.importers.slack_export import SlackExport
from bot.importers.text_file import TextFile
from bot.panel.house import Bases, House
from bot.panel.imports import FileKind
from bot.panel.server import HOST, serving


@asynccontextmanager
async def open_panel(app: App) -> AsyncGenerator[str]:
    """The panel is there within this block, at the address it gives. Raises PanelUnavailable."""
    settings = app.rows.settings.panel
    async with serving(house_of(app), settings.port, settings.hosts) as address:
        yield address


def house_of(app: App) -> House:
    settings = app.rows.settings
    names = [settings.bases.default, *settings.bases.sources, *settings.bases.servers]

    def trouble(base: str) -> str | None:
        return None if settings.is_prepared(base) else settings.bases.trouble(base)

    return House(
        sessions=app.rows.sessions,
        live=app.live,
        examine=examine,
        bases=Bases(
            list(dict.fromkeys(names)), frozenset(settings.bases.servers), trouble, settings.bases.may_be_on_hub
        ),
        uploads=settings.storage.folder / "uploads",
        kinds={kind.name: kind for kind in KINDS},
        stay=timedelta(days=settings.panel.session_days),
    )


KINDS = (
    FileKind("slack-export", ".zip", "slack_export", lambda file: SlackExport(file.path, name=file.name)),
    FileKind(
        "text",
        ".txt",
        "owner_file",
        lambda file: TextFile(file.path, file.options.get("channel"), name=file.name),
        asks=("channel",),
    ),
    FileKind("discord-export", ".json", "discord_export", lambda file: DiscordExport(file.path, name=file.name)),
    FileKind(
        "discord-package",
        ".zip",
        "discord_package",
        lambda file: DiscordPackage(file.path, private=file.options.get("private") == "yes", name=file.name),
        asks=("private",),
    ),
)


async def link(rows: Rows, actor: Actor, address: str | None = None) -> str:
    """A one-time address that lets one browser in; `address` is where the panel is, the config's port by default."""
    token = await panel_link(rows.sessions, actor)
    return f"{address or f'http://{HOST}:{rows.settings.panel.port}'}/enter?token={token}"
