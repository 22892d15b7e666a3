"""How far a channel's past was read, in words and in the shell's list."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.chat.collecting.past_words import told
from bot.config import BotConfig
from db import backfills, config
from db.backfills import Progress
from db.session import open_engine, sessions_of, transaction

DAY = datetime(2025, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("past", "words"),
    [
        (Progress(0, None, False, None), "past is being read"),
        (Progress(1200, DAY, False, None), "past is being read, back to 2025-03-02 so far (1,200 messages)"),
        (Progress(1, DAY, True, None), "past read back to 2025-03-02 (1 message)"),
        (Progress(7, None, True, None), "past read to its beginning (7 messages)"),
        (Progress(7, DAY, False, "archived"), "cannot be read: archived"),
    ],
)
def test_it_is_told_in_a_few_words(past: Progress, words: str) -> None:
    assert told(past) == words


async def _begun() -> None:
    engine = open_engine(config.load(BotConfig).database_url)
    async with transaction(sessions_of(engine)) as session:
        cursor = await backfills.of(session, 1, DAY)
        cursor.messages, cursor.back_to = 12, DAY
    await engine.dispose()


def test_the_list_of_channels_tells_it(filled, yamabiko) -> None:
    assert "being read" not in yamabiko("channel", "list")[1]
    asyncio.run(_begun())
    status, shown, _ = yamabiko("channel", "list", "--json")
    assert status == 0
    assert '"messages": 12' in shown
    assert "being read" in " ".join(yamabiko("channel", "list")[1].split())
