"""What the pages stand on, handed in by the composition root as plain values.

Owns nothing but the list of imports: sessions, voices and ways to do what other rooms do.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from bot.live_adapters import LiveAdapters
from bot.panel.imports import FileKind, Imports
from db.session import Sessions


class Finding(Protocol):
    """One of the doctor's: `ok` with an `advice` is something to know, not something to mend."""

    @property
    def what(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def detail(self) -> str: ...
    @property
    def advice(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Bases:
    """Those that a new persona may stand on, the default first; `trouble` says why a name seems to be none.

    What is in trouble may yet be one of a hub's, which `on_hub` tells.
    """

    names: Sequence[str]
    servers: frozenset[str]
    trouble: Callable[[str], str | None]
    on_hub: Callable[[str], bool] = lambda base: False


@dataclass(frozen=True, slots=True)
class House:
    sessions: Sessions
    live: LiveAdapters
    examine: Callable[[], Awaitable[Sequence[Finding]]]
    bases: Bases
    uploads: Path  # where a file waits while it is imported
    kinds: Mapping[str, FileKind] = field(default_factory=dict[str, FileKind])
    imports: Imports = field(default_factory=Imports)
    stay: timedelta = timedelta(days=14)
