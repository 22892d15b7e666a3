"""A child process that reports by JSON lines: started, listened to, stopped.

Owns the pipes. A child that learns exits by itself when our end of its standard input closes, so it does not
outlive the worker. Knows no run and no model.
"""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from db.words import handed_on, say

CANCEL_WITHIN_S = 2.0
_LONGEST_LINE = 1 << 24  # answers to the prompts come on one line


class ChildFailed(Exception):
    """The child ended without doing its work; `code` names why, `detail` is its own sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail or code)
        self.code, self.detail = code, detail


class Child:
    """`python -m MODULE …`; use `start`, then read `events` to the end."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self._log = process, log

    @classmethod
    async def start(cls, arguments: Sequence[str], log: Path) -> "Child":
        """`log` takes its standard error."""
        with log.open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *arguments,
                env=handed_on(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                limit=_LONGEST_LINE,
            )
        return cls(process, log)

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """What it reports, to its end. Raises ChildFailed when it fails or is killed."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if not line.endswith(b"\n"):
                break  # it was killed in the middle of a word
            event = json.loads(line)
            if event["event"] == "failed":
                raise ChildFailed(event["code"], event.get("detail", ""))
            yield event
        code = await self._process.wait()
        if code < 0:
            outside = -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
            raise ChildFailed("killed" if outside else "crashed", f"signal {-code}")
        if code > 0:
            raise ChildFailed("error", self.last_words(lines=1) or say("it ended without a word"))

    async def cancel(self) -> None:
        """Ask it to stop; kill it when it has not within two seconds."""
        stdin = self._process.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(b"cancel\n")
            await stdin.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), CANCEL_WITHIN_S)
        await self.kill()

    async def kill(self) -> None:
        """End it now, if it has not ended by itself."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def last_words(self, lines: int) -> str:
        """The end of its standard error, at most 300 characters a line."""
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "\n".join(line[-300:] for line in said[-lines:])
