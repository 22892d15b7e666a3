"""A community in Discord, from its first mention to a voice of its own and back: only Discord itself is not real."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.fakes.discord import FakeDiscord, Message
from tests.fakes.discord_process import fresh_discord, running
from tests.fakes.flood import ask_all
from tests.fakes.harbour import TALK, gets_a_voice, takes_on_the_manner
from tests.fakes.harbour_in_discord import HarbourInDiscord
from tests.fakes.models import tiny_base


@pytest.mark.timeout(600)
async def test_from_the_first_mention_to_a_voice_of_its_own_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__DEFAULT", str(tiny_base(tmp_path / "tiny")))
    async with fresh_discord(message_content=True) as discord:
        harbour = HarbourInDiscord(discord, tmp_path, messages=60)
        async with running(discord, tmp_path) as bot:
            await bot.says("Discord: connected")
            await gets_a_voice(harbour, {"epochs": "1"})
        assert "Traceback" not in bot.told


@pytest.mark.long
@pytest.mark.every_core
@pytest.mark.timeout(1800)
async def test_the_starter_base_takes_on_the_communitys_manner_in_discord(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert "YAMABIKO_BASES__DEFAULT" not in os.environ
    async with fresh_discord(message_content=True) as discord:
        harbour = HarbourInDiscord(discord, tmp_path, messages=len(TALK))
        async with running(discord, tmp_path) as bot:
            await bot.says("Discord: connected")
            await takes_on_the_manner(harbour)
        assert "Traceback" not in bot.told


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_two_hundred_mentions_in_ten_seconds_are_answered_once_each_across_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord sends nothing again: what was asked while the bot was dead is looked for when it is back."""
    monkeypatch.setenv("YAMABIKO_BASES__DEFAULT", str(tiny_base(tmp_path / "tiny")))
    monkeypatch.setenv("YAMABIKO_CHAT__MEMBER_WAITING", "0")  # whether each is answered is what is asked here
    async with fresh_discord() as discord:
        people = [discord.person(f"P{number}") for number in range(40)]
        rooms = [discord.channel(f"room-{number}") for number in range(20)]
        asked: list[Message] = []
        async with running(discord, tmp_path) as bot:
            await bot.says("Discord: connected")
            await ask_all(people, rooms, asked, 100)
            await bot.end(signal.SIGKILL)
        async with running(discord, tmp_path) as bot:
            await asyncio.gather(ask_all(people, rooms, asked, 200), bot.says("Discord: connected"))
            await discord.until(lambda: all(_finished(discord, one) for one in asked), 600)
        assert len(asked) == 200
        for one in asked:
            assert len(_answers(discord, one)) == 1, discord.transcript(discord.world.channels[one.channel])
        assert "Traceback" not in bot.told


def _answers(discord: FakeDiscord, asked: Message) -> list[Message]:
    every = discord.bot_posts(discord.world.channels[asked.channel])
    return [one for one in every if (one.reference or {}).get("message_id") == asked.id]


def _finished(discord: FakeDiscord, asked: Message) -> bool:
    """Answered whole, or asked to come back in a moment."""
    posts = _answers(discord, asked)
    return bool(posts) and ("AI · " in posts[-1].content or "Many people are asking" in posts[-1].content)
