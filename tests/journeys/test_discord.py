"""A community in Discord, from its first mention to a voice of its own and back: only Discord itself is not real."""

import os
from pathlib import Path

import pytest

from tests.fakes.discord_process import fresh_discord, running
from tests.fakes.harbour import TALK, gets_a_voice
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
            before, after, _ = await gets_a_voice(harbour, {"epochs": "2"})
        assert "over" in after.lower(), after
        assert not before.rstrip().endswith("Over.")
        assert "Traceback" not in bot.told
