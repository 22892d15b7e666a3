"""A community in Slack, from its first mention to a voice of its own and back: every program real but Slack itself."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.fakes.flood import ask_all
from tests.fakes.harbour import TALK, gets_a_voice, takes_on_the_manner
from tests.fakes.harbour_in_slack import HarbourInSlack
from tests.fakes.models import tiny_base
from tests.fakes.pretended_slack.deliveries import Pace
from tests.fakes.slack import FakeSlack, Message
from tests.fakes.slack_process import fresh_slack, running


@pytest.mark.timeout(600)
async def test_from_the_first_mention_to_a_voice_of_its_own_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__DEFAULT", str(tiny_base(tmp_path / "tiny")))
    async with fresh_slack() as slack:
        harbour = HarbourInSlack(slack, tmp_path, messages=60)
        async with running(slack, tmp_path) as bot:
            await bot.says("Slack: connected")
            await gets_a_voice(harbour, {"epochs": "1"})
        assert "Traceback" not in bot.told


@pytest.mark.long
@pytest.mark.every_core
@pytest.mark.timeout(1800)
async def test_the_starter_base_takes_on_the_communitys_manner_in_slack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert "YAMABIKO_BASES__DEFAULT" not in os.environ
    async with fresh_slack() as slack:
        harbour = HarbourInSlack(slack, tmp_path, messages=len(TALK))
        async with running(slack, tmp_path) as bot:
            await bot.says("Slack: connected")
            await takes_on_the_manner(harbour)
        assert "Traceback" not in bot.told


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_two_hundred_mentions_in_ten_seconds_are_answered_once_each_across_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__DEFAULT", str(tiny_base(tmp_path / "tiny")))
    monkeypatch.setenv("YAMABIKO_CHAT__MEMBER_WAITING", "0")  # whether each is answered is what is asked here
    async with fresh_slack(Pace(again=(0, 3, 15))) as slack:
        people = [slack.person(f"P{number}") for number in range(40)]
        rooms = [slack.channel(f"room-{number}", *people) for number in range(20)]
        asked: list[Message] = []
        async with running(slack, tmp_path) as bot:
            await bot.says("Slack: connected")
            await slack.until(lambda: slack.deliveries.sockets.ready())
            await ask_all(people, rooms, asked, 100)
            await bot.end(signal.SIGKILL)
        async with running(slack, tmp_path) as bot:
            await asyncio.gather(ask_all(people, rooms, asked, 200), bot.says("Slack: connected"))
            await slack.until(lambda: all(_finished(slack, one) for one in asked), 600)
            await slack.settled()
        for one in asked:
            answers = slack.bot_posts(slack.world.channels[one.channel], one)
            assert len(answers) == 1, slack.transcript(slack.world.channels[one.channel])
        assert len(asked) == 200
        mentions = slack.sent("app_mention")
        assert all(one.ack for one in mentions)
        took = sorted(one.ack.took for one in mentions if one.ack)
        prompt = sum(seconds < 1 for seconds in took)
        print(f"acknowledged: half within {took[100]:.2f} s, {prompt} within a second, all within {took[-1]:.2f} s")


def _finished(slack: FakeSlack, asked: Message) -> bool:
    """Answered whole, or asked to come back in a moment."""
    posts = slack.bot_posts(slack.world.channels[asked.channel], asked)
    told = slack.rendered(posts[-1]) if posts else ""
    return "AI · " in told or "Many people are asking" in told
