"""Programs that live until they are stopped, and end within a while whatever hangs.

Owns what Ctrl-C and SIGTERM do. Nothing is lost by an end at once: what was in hand stands in rows.
"""

import asyncio
import contextlib
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Any

from bot.cli.common import err
from db.words import say

LONGEST_S = 30.0  # for closing everything


async def until_stopped() -> None:
    err.print(say("Ctrl-C ends it."), style="dim")
    await asyncio.Event().wait()


def to_its_end(whole: Coroutine[Any, Any, None]) -> None:
    """Run it: all is closed on SIGTERM too, and that is no failure. What hangs then is told, and ended."""
    stopped_by = signal.SIGINT
    closing = threading.Timer(LONGEST_S, lambda: _give_up(stopped_by))
    closing.daemon = True

    async def go() -> None:
        task, own = asyncio.ensure_future(whole), asyncio.current_task()
        assert own is not None, "this is a task"

        def stop() -> None:
            nonlocal stopped_by
            stopped_by = signal.SIGTERM
            own.cancel()

        with contextlib.suppress(NotImplementedError):  # where there are no such signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            closing.start()
            task.cancel()
            await asyncio.wait({task})
            if stopped_by is signal.SIGINT:
                raise
        if not task.cancelled():
            task.result()

    try:
        asyncio.run(go())
    finally:
        closing.cancel()


def _give_up(stopped_by: signal.Signals) -> None:
    err.print(say("Closing hangs; it is ended at once, and where it hung stands below."), markup=False)
    faulthandler.dump_traceback(sys.__stderr__ or sys.stderr)
    os._exit(128 + stopped_by)
