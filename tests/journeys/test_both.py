"""Slack and Discord at once: one process, one engine, two personas."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.config import BotConfig
from db import config, migrate, personas
from db.models import Adapter, Persona, Reply
from db.session import open_engine, sessions_of, transaction
from tests.fakes import bot_process, community, discord_process, slack_process
from tests.fakes.adapters import random_adapter
from tests.fakes.discord_process import fresh_discord
from tests.fakes.harbour import replies
from tests.fakes.harbour_in_discord import HarbourInDiscord
from tests.fakes.harbour_in_slack import HarbourInSlack
from tests.fakes.models import tiny_prepared
from tests.fakes.slack_process import fresh_slack
from tests.fakes.speaking import lively

CONFIG = '[bases]\ndefault = "tiny"\n[bases.sources]\ntiny = "nowhere"\n[generation]\nthreads = 1\n'
GREEDY = {"temperature": 0, "max_new_tokens": 24}
QUESTION = "What do we do when the storm comes in?"


async def two_personas(folder: Path) -> dict[str, int]:
    """`cap` and `tern` on one base, each live with weights of its own: adapters by persona."""
    settings = config.load(BotConfig, folder / "config.toml")
    base = lively(tiny_prepared(settings.base_folder("tiny")))
    engine = open_engine(settings.database_url)
    await migrate.upgrade(engine)
    live: dict[str, int] = {}
    async with transaction(sessions_of(engine)) as session:
        for seed, name in enumerate(("cap", "tern"), start=3):
            persona = await community.persona(session, datetime.now(UTC), name=name, sampling=GREEDY)
            made = await _adapter(session, persona, base, settings.adapters_folder, seed)
            await personas.activate(session, persona, made, expected=None, by="test", why="", now=datetime.now(UTC))
            live[name] = made.id
    await engine.dispose()
    return live


async def _adapter(session: AsyncSession, persona: Persona, base: Path, folder: Path, seed: int) -> Adapter:
    made = await community.candidate(session, persona, datetime.now(UTC), base="tiny")
    weights = random_adapter(base, folder / made.folder, seed) / "adapter_model.safetensors"
    made.sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    return made


async def done(folder: Path) -> list[Reply]:
    """The replies, when all have ended: what is shown is kept a moment later."""
    async with asyncio.timeout(20):
        while True:
            found = await replies(folder)
            if all(one.status not in ("queued", "answering") for one in found):
                return found
            await asyncio.sleep(0.05)


@pytest.mark.timeout(300)
async def test_both_networks_are_answered_at_once_by_two_personas_on_one_engine(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    live = await two_personas(tmp_path)
    async with fresh_slack() as slack, fresh_discord() as discord:
        in_slack, in_discord = HarbourInSlack(slack, tmp_path, 0), HarbourInDiscord(discord, tmp_path, 0)
        both = {**slack_process.settings(slack), **discord_process.settings(discord)}
        async with bot_process.running(both, tmp_path) as bot:
            await asyncio.gather(bot.says("Slack: connected"), bot.says("Discord: connected"))
            await asyncio.gather(in_slack.becomes_owner(), in_discord.becomes_owner())
            await (await in_slack.owner.slash("/yamabiko use cap", in_slack.radio)).until_answered(20)
            chosen = await in_discord.owner.slash("yamabiko use", in_discord.radio, persona="tern")
            await chosen.until_answered(20)

            names = list(in_slack.members)
            asked = [one.asks(name, QUESTION) for name in names for one in (in_slack, in_discord)]
            answers = await asyncio.gather(*asked)

            told = await done(tmp_path)
            assert {(one.persona_id, one.adapter_id, one.status) for one in told} == {
                (1, live["cap"], "done"),
                (2, live["tern"], "done"),
            }
            assert len(told) == len(answers) == 2 * len(names)
            assert not set(answers[::2]) & set(answers[1::2]), "each speaks with weights of its own"

            discord.down = True
            assert await in_slack.asks(names[0], "Are you still there?")
        assert "Traceback" not in bot.told
