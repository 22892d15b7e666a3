"""A pretended Discord with Ann in it, and a library that does not wait."""

from collections.abc import AsyncIterator

import pytest

from bot.platforms.discord import catching_up, gateway, showing
from bot.platforms.discord.permissions import BITS
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.pretended_discord.app import pointed_at


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    """With a server that grants what the link asks for and nothing else, so that every test here shows it is enough."""
    async with FakeDiscord.running() as running:
        running.grant_only(BITS)
        with pointed_at(running):
            yield running


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Discord and the library take seconds for takes none."""
    monkeypatch.setattr(gateway, "IDENTIFY_S", 0.05)
    monkeypatch.setattr(catching_up, "BETWEEN_S", 0.0)
    monkeypatch.setattr(showing, "PACE_S", 0.1)


@pytest.fixture
def ann(discord: FakeDiscord) -> Person:
    return discord.person("Ann")


@pytest.fixture
def general(discord: FakeDiscord) -> Channel:
    return discord.channel("general")
