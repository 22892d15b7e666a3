"""Files brought through the panel, on their way into the rows.

Owns the tasks that import, so that they go on when a browser leaves, and the files they read, which are gone when
they end, however they end. Knows no page, and of a file's format only how to open it.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import structlog

from bot.chat.collecting.ingest import Archive, Import, Imported
from bot.chat.troubles import is_ours, sentence
from bot.chat.verbs.authority import Actor
from db.models.text import Provenance
from db.session import Sessions
from db.words import say

log = structlog.get_logger()

KEPT = 20  # ended imports that can still be looked at
CHUNK = 1 << 20  # bytes written at a time

_OURS = re.compile(r"[0-9a-f]{32}(\.[a-z]+)?")  # how `keep` calls a file
Stage = Literal["waiting", "going", "done", "refused", "stopped"]


class UploadRefused(Exception):
    """The file cannot be kept here while it is imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that someone brought: where it lies, and what they call it, which is never a path."""

    path: Path
    name: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that can be imported: how it is opened, and what its text counts as.

    `suffix` is the file's, such as ".zip"; `asks` are the options it takes ("channel"). `open` may take its time,
    and raises ImportRefused; its archive is closed by `close` where it has one.
    """

    name: str
    suffix: str
    provenance: Provenance
    open: Callable[[Upload], Archive]
    asks: Sequence[str] = ()


@dataclass(eq=False)
class Importing:
    """One import as it goes. `share` is how much of the file is behind, 0 to 1; `trouble` why it was refused."""

    file: Upload
    kind: FileKind
    ground: str | None
    stage: Stage = "waiting"
    share: float = 0.0
    outcome: Imported = field(default_factory=Imported)
    trouble: str = ""

    @property
    def ended(self) -> bool:
        return self.stage in ("done", "refused", "stopped")

    def behind(self, share: float) -> None:
        self.share = share


class Imports:
    """All imports of this process, one going at a time, so that a bot goes on talking meanwhile."""

    def __init__(self) -> None:
        self._tasks: dict[Importing, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def going_on(self, folder: Path) -> AsyncGenerator[None]:
        """Imports go on within this block; what a crash left behind in `folder` is deleted."""
        await asyncio.to_thread(_sweep, folder)
        try:
            yield
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()

    @property
    def going(self) -> bool:
        return any(not one.ended for one in self._tasks)

    def newest_first(self) -> list[Importing]:
        return list(reversed(self._tasks))

    def begin(self, sessions: Sessions, actor: Actor, kind: FileKind, file: Upload, ground: str | None) -> Importing:
        """`file` is deleted at the end. Ended imports beyond the newest KEPT are forgotten."""
        made = Importing(file, kind, ground)
        task = asyncio.create_task(self._run(made, sessions, actor))
        task.add_done_callback(lambda ended: _clean(made, ended))
        self._tasks[made] = task
        for old in [one for one in self.newest_first() if one.ended][KEPT:]:
            self.forget(old)
        return made

    def stop(self, importing: Importing) -> None:
        """What is stored stays; the same file goes on from there."""
        self._tasks[importing].cancel()

    def forget(self, importing: Importing) -> None:
        """Of one that has ended."""
        self._tasks.pop(importing, None)

    async def _run(self, importing: Importing, sessions: Sessions, actor: Actor) -> None:
        try:
            async with self._turn:
                importing.stage = "going"
                await _bring_in(importing, sessions, actor)
            importing.stage = "done"
        except Exception as error:
            importing.stage, importing.trouble = "refused", sentence(error)
            if not is_ours(error):
                log.exception("an import failed")


def _clean(importing: Importing, task: asyncio.Task[None]) -> None:
    """Here and not within the task, which never begins when it is cancelled early."""
    importing.file.path.unlink(missing_ok=True)
    if task.cancelled():
        importing.stage = "stopped"


async def _bring_in(importing: Importing, sessions: Sessions, actor: Actor) -> None:
    archive = await asyncio.to_thread(importing.kind.open, importing.file)
    try:
        going = Import(sessions, archive, importing.kind.provenance, actor)
        importing.outcome = going.outcome
        await going.run(importing.ground, importing.behind)
    finally:
        close = getattr(archive, "close", None)
        if close is not None:
            close()


async def keep(folder: Path, suffix: str, chunks: AsyncIterator[bytes]) -> Path:
    """A new file in `folder` that holds `chunks`, for us alone to read; none is left where they break off.

    Raises UploadRefused.
    """
    path = folder / f"{secrets.token_hex(16)}{suffix}"
    await _on_disk(_make, path)
    try:
        waiting = bytearray()
        async for chunk in chunks:
            waiting += chunk
            if len(waiting) >= CHUNK:
                await _on_disk(_append, path, waiting)
                waiting = bytearray()
        await _on_disk(_append, path, waiting)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


async def _on_disk(do: Callable[..., None], path: Path, *data: bytearray) -> None:
    try:
        await asyncio.to_thread(do, path, *data)
    except OSError as error:
        raise UploadRefused(
            say(
                "The file cannot be kept in {folder} while it is imported ({why}); make room there or mend its rights.",
                folder=path.parent,
                why=error.strerror,
            )
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)


def _append(path: Path, data: bytearray) -> None:
    with path.open("ab") as file:
        file.write(data)


def _sweep(folder: Path) -> None:
    if not folder.is_dir():
        return
    for left in folder.iterdir():
        if _OURS.fullmatch(left.name):
            left.unlink(missing_ok=True)
