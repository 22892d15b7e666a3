"""`yamabiko run` as a process of its own, beside whatever networks it is told of.

Owns how it is started, watched and ended. Knows no network and no command.
"""

import asyncio
import signal
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.command_line import COMMAND, environment


class Bot:
    """`yamabiko run`, standing in a folder."""

    def __init__(self, process: asyncio.subprocess.Process, told: Path) -> None:
        self.process, self._told = process, told

    @property
    def told(self) -> str:
        return self._told.read_text(encoding="utf-8")

    async def says(self, what: str) -> None:
        async with asyncio.timeout(60):
            while what not in self.told:
                assert self.process.returncode is None, self.told
                await asyncio.sleep(0.05)

    async def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        async with asyncio.timeout(60):
            return await self.process.wait()


@asynccontextmanager
async def running(settings: Mapping[str, str], folder: Path) -> AsyncGenerator[Bot]:
    """`settings` are the environment's. Its standard input is closed, as some who start programs leave it."""
    told = folder / "told.txt"
    with told.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            *("-c", 'exec "$@" <&-', "sh", *COMMAND, "run"),
            cwd=folder,
            env=_whole(settings),
            stdout=out,
            stderr=out,
            preexec_fn=_hears_ctrl_c,
        )
    try:
        yield Bot(process, told)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def shell(settings: Mapping[str, str], folder: Path, *words: str) -> str:
    """What another command prints; it must not fail."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        cwd=folder,
        env=_whole(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, (out + errors).decode()
    return out.decode()


def assert_told_nowhere(folder: Path, secrets: Iterable[str]) -> None:
    """No file that was written in the folder holds one of them."""
    hidden = [secret.encode() for secret in secrets]
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 1
    for file in files:
        content = file.read_bytes()
        assert not [secret for secret in hidden if secret in content], file


def _hears_ctrl_c() -> None:
    """A shell's background job ignores Ctrl-C, and so do all whom it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _whole(settings: Mapping[str, str]) -> dict[str, str]:
    return {**environment(), "YAMABIKO_PANEL__ENABLED": "false", **settings}
