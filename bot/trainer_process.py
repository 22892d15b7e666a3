"""Starts the trainer's program beside the bot when nobody else runs it.

Owns that one child process. The two programs still meet in rows only.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from db import heartbeats
from db.session import Sessions, reading


async def is_alive(sessions: Sessions) -> bool:
    async with reading(sessions) as session:
        return bool(await heartbeats.alive(session, "trainer", datetime.now(UTC)))


@asynccontextmanager
async def trainer(sessions: Sessions, mode: str) -> AsyncGenerator[None]:
    """A trainer while we need one: somebody's that lives, or our own child (`mode`: "run" or "once")."""
    if await is_alive(sessions):
        yield
        return
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "trainer", mode)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()  # a run under way goes back to the queue with its checkpoint
        await process.wait()
