"""A bot in a process of its own that reads the past of one channel, to be killed in the middle of it."""

import asyncio
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.chat.collecting.backfill import Backfill
from db.session import open_engine, sessions_of
from tests.fakes.square import Square

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def square() -> Square:
    """The same past for everyone who looks: 600 messages, a third of them in threads."""
    dice = random.Random(7)
    made = Square(page=20, start=MORNING)
    roots: list[str] = []
    for number in range(600):
        in_thread = roots and dice.random() < 0.34
        said = made.says(f"word {number}", author=dice.choice("ABC"), thread=dice.choice(roots) if in_thread else None)
        if not in_thread:
            roots = [*roots[-10:], said.posted.id]
    return made


def command(url: str) -> Sequence[str]:
    return [sys.executable, "-m", "tests.fakes.reading_bot", url]


async def main(url: str) -> None:
    engine = open_engine(url)
    network = square()

    async def slowly(name: str) -> None:
        await asyncio.sleep(0.01)

    network.hook = slowly
    backfill = Backfill(sessions_of(engine), {"slack": network}, days=36500)
    while tasks := await backfill.look():
        await asyncio.gather(*tasks)
    await engine.dispose()
    print("whole")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
