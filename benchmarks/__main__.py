"""`make bench`: generation and training beside their peers, and imports, as a table and as build/bench.json.

Every ratio comes from one run on one machine, ours over the peer's; repeats alternate and medians are shown.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import generation, imports, promotions, together, training
from db.config import Shared, load

PARTS = {
    "generation": generation.run,
    "together": together.run,
    "promotions": promotions.run,
    "training": training.run,
    "imports": imports.run,
}
WITHOUT_BASE = {"imports"}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], help="default: all")
    asked.add_argument("--repeats", type=int, default=3)
    asked.add_argument("--base", type=Path, help="a prepared folder (default: the config's default base)")
    wanted = asked.parse_args()
    parts = wanted.parts or [*PARTS]
    base = wanted.base or (Path() if WITHOUT_BASE.issuperset(parts) else _default_base())
    rows: list[dict[str, Any]] = []
    for part in parts:
        found = PARTS[part](base, wanted.repeats)
        _show(part, found)
        rows += [{"part": part} | row for row in found]
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"base": base.name, "repeats": wanted.repeats, "rows": rows}, indent=2))
    print(f"also in {out}")


def _default_base() -> Path:
    settings = load(Shared)
    subprocess.run([sys.executable, "-m", "trainer", "prepare", settings.bases.default], check=True)
    return settings.base_folder(settings.bases.default)


def _show(part: str, rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(title=part, title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column.replace("_", " "), no_wrap=True)
    for row in rows:
        table.add_row(*[_cell(row.get(column)) for column in columns])
    Console(width=max(Console().width, 120)).print(table)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
