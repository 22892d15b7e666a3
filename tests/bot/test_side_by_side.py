"""Two networks at once on one bot: the trouble of one is not the other's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import open_app
from bot.chat.keeping import Pauses
from bot.networks import connected
from bot.platforms.slack.manifest import manifest
from tests.fakes import discord_process, openai_server, slack_process
from tests.fakes.discord import FakeDiscord
from tests.fakes.pretended_discord.app import pointed_at
from tests.fakes.slack import FakeSlack

ANSWER = "Copy, skipper. Over."


class Both:
    """One member of each, in their #general; `said` is what whoever started the bot would read."""

    def __init__(self, slack: FakeSlack, discord: FakeDiscord) -> None:
        self.slack, self.discord = slack, discord
        self.said: list[str] = []
        self.sailor, self.player = slack.person("Ann"), discord.person("Ben")
        self.quay, self.hall = slack.channel("general", self.sailor), discord.channel("general")

    async def answered_in_slack(self) -> None:
        asked = await self.sailor.mention(self.quay, "how was your week?")
        await self.slack.until(lambda: [one for one in self.slack.bot_posts(self.quay, asked) if ANSWER in one.text])

    async def answered_in_discord(self) -> None:
        before = len(self._posts())
        await self.player.mention(self.hall, "how was your week?")
        await self.discord.until(lambda: len(self._posts()) > before)

    def _posts(self) -> list[str]:
        return [one.content for one in self.discord.bot_posts(self.hall) if ANSWER in one.content]


@pytest.fixture
async def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Both]:
    """Both are named in the config, and a model of a server's answers in both."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Pauses.__init__, "__defaults__", (0.1, 0.2, 0.2, 60.0))
    async with (
        openai_server.serving(otherwise=ANSWER) as server,
        FakeSlack.running() as slack,
        FakeDiscord.running() as discord,
    ):
        slack.install(manifest("Yamabiko", "socket", None))
        base = {"BASES__DEFAULT": "house", "BASES__SERVERS__HOUSE__URL": server.url}
        base["BASES__SERVERS__HOUSE__MODEL"] = server.models[0]
        named = {f"YAMABIKO_{name}": value for name, value in base.items()}
        for name, value in (named | slack_process.settings(slack) | discord_process.settings(discord)).items():
            monkeypatch.setenv(name, value)
        with pointed_at(discord):
            yield Both(slack, discord)


async def test_a_discord_that_is_away_keeps_slack_waiting_for_nothing_and_is_served_once_it_is_back(both: Both) -> None:
    both.discord.down = True
    async with open_app(lambda *_: None) as app, connected(app, None, both.said.append):
        await both.answered_in_slack()
        assert any(line.startswith("Discord: Discord cannot be reached") for line in both.said), both.said
        both.discord.down = False
        await both.discord.connected()
        await both.answered_in_discord()
        async with both.discord.outage():
            await both.answered_in_slack()
        await both.discord.connected()
        await both.answered_in_discord()


async def test_a_slack_that_is_away_keeps_discord_waiting_for_nothing_and_is_served_once_it_is_back(both: Both) -> None:
    async with open_app(lambda *_: None) as app, connected(app, None, both.said.append):
        async with both.slack.outage():
            await both.discord.connected()
            await both.answered_in_discord()
        await both.slack.until(both.slack.deliveries.sockets.ready, 60)
        await both.answered_in_slack()


async def test_a_token_that_discord_refuses_stops_neither_slack_nor_the_bot(both: Both) -> None:
    both.discord.reset_token()
    async with open_app(lambda *_: None) as app, connected(app, None, both.said.append):
        await both.answered_in_slack()
        assert any("Discord does not know the bot's token" in line for line in both.said), both.said
