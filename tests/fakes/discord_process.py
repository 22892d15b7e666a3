"""`yamabiko run` as a process of its own beside a pretended Discord, and the secret it is given.

Owns what it is told of that Discord. Knows no command.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from bot.platforms.discord.permissions import BITS
from tests.fakes import bot_process
from tests.fakes.bot_process import Bot, assert_told_nowhere
from tests.fakes.discord import FakeDiscord

# Put together here, so that no scanner takes it for a real one.
TOKEN = "MTA5" + "MjM0NTY3ODkwMTIzNDU2Nz" + ".GhIjKl." + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-"


def settings(discord: FakeDiscord, **changed: str) -> dict[str, str]:
    """What the environment of every command beside this Discord holds; `changed` in [discord], by name."""
    own = {"BOT_TOKEN": discord.token, "API_URL": discord.api, "GATEWAY_URL": discord.link}
    return {f"YAMABIKO_DISCORD__{name}": value for name, value in (own | changed).items()}


def running(discord: FakeDiscord, folder: Path, **changed: str) -> AbstractAsyncContextManager[Bot]:
    return bot_process.running(settings(discord, **changed), folder)


async def shell(discord: FakeDiscord, folder: Path, *words: str) -> str:
    """What another command prints; it must not fail."""
    return await bot_process.shell(settings(discord), folder, *words)


@asynccontextmanager
async def fresh_discord(*, message_content: bool = False) -> AsyncGenerator[FakeDiscord]:
    """With a server in which the bot may do what its link asks for, and nothing else."""
    async with FakeDiscord.running(message_content=message_content) as discord:
        discord.app.token = TOKEN
        discord.grant_only(BITS)
        yield discord


def assert_no_secret(folder: Path, discord: FakeDiscord, others: Sequence[str] = ()) -> None:
    """Nor any of the tokens with which presses and commands were answered."""
    assert_told_nowhere(folder, (TOKEN, *discord.world.interactions, *others))
