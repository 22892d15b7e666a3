"""Makes a base ready by asking the trainer's program, since only it knows how.

Owns the child process. Knows no model.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from db.words import handed_on, say

Progress = Callable[[str, float | None], None]


class BaseNotReady(Exception):
    """The base could not be prepared; the message is the trainer's own sentence."""


async def prepare(base: str, progress: Progress) -> None:
    """Run `python -m trainer prepare BASE`; a base that is prepared already is left alone.

    Raises BaseNotReady.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "trainer", "prepare", base, "--json"),
        env=handed_on(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    silent = asyncio.create_task(process.stderr.read())
    why = ""
    try:
        async for line in process.stdout:
            event: dict[str, Any] = json.loads(line)
            if event["event"] == "phase":
                progress(event["name"], event["fraction"])
            elif event["event"] == "failed":
                why = event["detail"]
        failed = await process.wait() != 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # nobody waits for it any more; ended already, it feels nothing
        last = (await silent).decode(errors="replace").strip().splitlines()
        await process.wait()
    if failed:
        raise BaseNotReady(why or (last[-1] if last else say("Preparing {base} failed without a word.", base=base)))
    await silent
