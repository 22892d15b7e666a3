"""What the contracts of the pretended platforms share: a workspace in a hurry, one person, one channel, an app; a town,
one person, one channel, a bot."""

from collections.abc import AsyncGenerator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.discord import Channel as Room
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord import Person as Member
from tests.fakes.pretended_discord.app import Hearing as Client
from tests.fakes.pretended_discord.app import running as here
from tests.fakes.pretended_slack.app import Hearing, app_of, client_of, connected
from tests.fakes.pretended_slack.deliveries import Pace
from tests.fakes.slack import Channel, FakeSlack, Person


@pytest.fixture
async def slack() -> AsyncGenerator[FakeSlack]:
    async with FakeSlack.running(limits=False, pace=Pace(again=(0.0, 0.05, 0.1))) as running:
        yield running


@pytest.fixture
def client(slack: FakeSlack) -> AsyncWebClient:
    return client_of(slack)


@pytest.fixture
def ann(slack: FakeSlack) -> Person:
    return slack.person("Ann")


@pytest.fixture
def general(slack: FakeSlack, ann: Person) -> Channel:
    return slack.channel("general", ann)


@pytest.fixture
async def app(slack: FakeSlack) -> AsyncGenerator[AsyncApp]:
    """An app that is connected, and hears what each test has it hear."""
    made = app_of(slack)
    async with connected(slack, made):
        yield made


@pytest.fixture
async def hearing(slack: FakeSlack) -> AsyncGenerator[Hearing]:
    """A connected app that writes down every event."""
    there = Hearing(slack)
    async with connected(slack, there.app):
        yield there


@pytest.fixture
async def town() -> AsyncGenerator[FakeDiscord]:
    """The pretended Discord; what a test names after Slack is above."""
    async with FakeDiscord.running(limits=False) as running:
        yield running


@pytest.fixture
def bea(town: FakeDiscord) -> Member:
    return town.person("Bea")


@pytest.fixture
def square(town: FakeDiscord) -> Room:
    return town.channel("square")


@pytest.fixture
async def bot(town: FakeDiscord, bea: Member, square: Room) -> AsyncGenerator[Client]:
    """A connected client of the real library, without any privileged intent, that writes down what it hears."""
    async with here(town, Client()) as connected_client:
        yield connected_client
