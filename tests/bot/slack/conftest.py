"""A pretended Slack with Ann in it, and a bot there whose desk is a script."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.scripted_desk import Bot, connected
from tests.fakes.slack import Channel, FakeSlack, Person


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        yield running


@pytest.fixture
def commanded(slack: FakeSlack) -> None:
    """Slack knows the bot's command, and lets itself be called as often as one likes."""
    slack.limits.on = False
    slack.commands = {"/yamabiko": {"should_escape": True}}


@pytest.fixture
async def bot(slack: FakeSlack, commanded: None) -> AsyncIterator[Bot]:
    async with connected(slack) as bot:
        yield bot


@pytest.fixture
def ann(slack: FakeSlack) -> Person:
    return slack.person("Ann")


@pytest.fixture
def general(slack: FakeSlack, ann: Person) -> Channel:
    return slack.channel("general", ann)
