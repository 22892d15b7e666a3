"""How `yamabiko` is started as a process, and rows worth listing.

Owns what a shell would give it. Knows no command.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from db import channels, members, messages, pauses, personas, runs, workspaces
from db.messages import NewMessage
from db.models import Persona, Reply
from db.models import Run as TrainingRun
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.community import Community

COMMAND = [sys.executable, "-c", "from bot.cli import main; main()"]
NOW = datetime.now(UTC)
WHY = "Too little text to learn from: 3 messages where 8 are needed. Import more, or open more channels."

Run = Callable[..., tuple[int, str, str]]


def environment() -> dict[str, str]:
    """For a process that starts in another folder."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "80"}


async def two_workspaces(sessions: Sessions) -> None:
    """Japanese and English names and texts, a persona with adapters, runs and replies, a pause and a block."""
    async with transaction(sessions) as session:
        place = await community.found(session, NOW, "Ann", "山田太郎", "[Ben]")
        await _text(session, place)
        await _runs(session, place)
        await _replies(session, place)
        await members.block(session, place.members["山田太郎"].id, "shell:root", "spam", NOW)
        await pauses.begin(session, place.channel.id, "shell:root", NOW)


async def _text(session: AsyncSession, place: Community) -> None:
    climbs = "おはようございます。今日は山に登ります。" * 4
    await place.says(session, NOW, ("Ann", "good morning [all]"), ("山田太郎", climbs))
    tokyo = await workspaces.ensure(session, "discord", "G1", "東京の山彦", NOW)
    channel = await channels.ensure(session, tokyo, "C9", "雑談", NOW)
    channel.state = "context"
    ann = place.members["Ann"].id
    long = NewMessage("1", ann, NOW, f"see https://example.org/{'a' * 90} and say it again")
    await messages.store(session, channel, [long], "slack_export", NOW)
    await members.answer(session, [ann], "community", True, "form", "b", NOW)
    await members.answer(session, [ann], "voice", False, "form", "b", NOW)


async def _runs(session: AsyncSession, place: Community) -> None:
    persona = await community.persona(session, NOW, place.channel, base="HuggingFaceTB/SmolLM2-135M-Instruct")
    figures = {"base": {"loss": 3.84512}, "candidate": {"loss": 2.91234}}
    first = await community.candidate(session, persona, NOW - timedelta(days=400), figures=figures)
    await community.candidate(session, persona, NOW, figures=figures)
    await personas.activate(session, persona, first, expected=None, by="shell:root", why="the first", now=NOW)
    claimed = await _claimed(session, persona)
    facts = {"step": 120, "steps": 1200, "loss": 3.21, "tokens_per_second": 50.0, "seconds_left": 7.0}
    runs.add_point(session, claimed, facts, NOW)
    await runs.renew(session, claimed, NOW, phase="preparing the base: converting weights")
    other = await community.persona(session, NOW, name="夜の山彦")
    await runs.end(session, await _claimed(session, other), "skipped", WHY, NOW)


async def _replies(session: AsyncSession, place: Community) -> None:
    """One that was answered at length, and one that waits."""
    persona, ann = await personas.named(session, "echo"), place.members["Ann"].id
    facts = {"channel_id": place.channel.id, "persona_id": persona.id, "asker_id": ann, "asked": "?", "created_at": NOW}
    long = "今日は山に登ります。とても楽しい一日でした。[all] of it, and then some more of it."
    session.add(Reply(**facts, platform_message_id="1", status="done", shown_ref="p1", text=long))
    session.add(Reply(**facts, platform_message_id="2"))
    await session.flush()


async def _claimed(session: AsyncSession, persona: Persona) -> TrainingRun:
    """A run of the persona that a trainer has begun."""
    queued = await runs.enqueue(session, persona, kind="train", by="t", note="", settings={}, now=NOW)
    claimed = await runs.claim(session, "trainer", NOW)
    assert claimed is not None
    assert claimed.id == queued.id
    return claimed
