"""Programs end when they are told to, also when something in them does not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, sys, time
from bot.cli import ending
ending.LONGEST_S = 0.5
async def whole():
    try:
        print("here", flush=True)
        await asyncio.Event().wait()
    finally:
        if sys.argv[1] == "hangs":
            await asyncio.to_thread(time.sleep, 60)
ending.to_its_end(whole())
"""


@pytest.mark.parametrize(
    ("how", "by", "code"),
    [
        ("closes", signal.SIGTERM, 0),
        ("closes", signal.SIGINT, 1),  # KeyboardInterrupt, of which the command line makes 130
        ("hangs", signal.SIGTERM, 143),
        ("hangs", signal.SIGINT, 130),
    ],
)
def test_a_program_ends_when_it_is_told_to(how: str, by: signal.Signals, code: int, tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "here\n"
    time.sleep(0.1)
    program.send_signal(by)
    _, errors = program.communicate(timeout=20)
    assert (program.returncode in (code, -by)) if how == "closes" else program.returncode == code, errors
    assert ("Closing hangs" in errors and "time.sleep" not in errors) is (how == "hangs"), errors
