"""Runs the trainer's program beside the bot while nobody else does.

Owns that one child process. The two programs still meet in rows only.
"""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from db import heartbeats
from db.session import Sessions, reading
from db.words import say

LOOK_EVERY_S = 3.0


class TrainerFailed(Exception):
    """The trainer's program ended by itself; the message is its last line, and its log holds the rest."""


async def is_alive(sessions: Sessions) -> bool:
    async with reading(sessions) as session:
        return bool(await heartbeats.alive(session, "trainer", datetime.now(UTC)))


class TrainerProcess:
    """Our own trainer, started by `ensure` as soon as no other one lives."""

    def __init__(self, sessions: Sessions, log: Path) -> None:
        self._sessions, self._log = sessions, log
        self._process: asyncio.subprocess.Process | None = None

    async def ensure(self) -> None:
        """Start it if it is needed, also after ours was killed. Raises TrainerFailed when ours gave up."""
        if self._process is not None:
            if self._process.returncode is None:
                return
            if self._process.returncode > 0:
                raise TrainerFailed(self._last_words())
        if not await is_alive(self._sessions):
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("ab") as log:
                # It stops when our end of its standard input closes, however we end.
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "trainer", "run", "--attended"), stdin=PIPE, stdout=log, stderr=log
                )

    async def keep(self, tell: Callable[[str], None]) -> None:
        """`ensure` for ever, since what ended a trainer may pass; each new reason is told once."""
        told = ""
        while True:
            try:
                await self.ensure()
            except Exception as error:
                if isinstance(error, TrainerFailed):
                    self._process = None
                if str(error) != told:
                    told = str(error)
                    tell(told)
            await asyncio.sleep(LOOK_EVERY_S)

    async def stop(self) -> None:
        """Ask ours to end; a run under way goes back to the queue with its checkpoint."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = lines[-1] if lines else say("it said nothing")
        return say("The trainer ended: {words} (all of it is in {log}).", words=last[-300:], log=self._log)


@asynccontextmanager
async def trainer(sessions: Sessions, log: Path) -> AsyncGenerator[TrainerProcess]:
    """A trainer to be ensured, and stopped at the end if it is ours."""
    process = TrainerProcess(sessions, log)
    try:
        yield process
    finally:
        await process.stop()
