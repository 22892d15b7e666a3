"""The files of one attempt: what a training child is given, and the adapter it leaves.

Owns job.json as docs/decisions.md describes it. Knows no database beyond the values it is handed.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.models import Persona, Run
from db.recipe import recipe_from
from trainer import dataset

if TYPE_CHECKING:
    from trainer.attempt import Limits


def describe(
    persona: Persona, run: Run, built: dataset.Built, base: Path, live: Path | None, limits: "Limits"
) -> dict[str, Any]:
    """The job, but for the names of files in the attempt's own folder. Raises RecipeRefused."""
    recipe = recipe_from(persona.preset, {**persona.recipe, **run.settings.get("recipe", {})})
    return {
        "base": str(base),
        "base_name": persona.base,
        "shape": built.shape,
        "recipe": asdict(recipe),
        "prompts": persona.prompts,
        "system": persona.system_prompt,
        "sampling": persona.sampling,
        "live_adapter": str(live) if live else None,
        "max_minutes": run.settings.get("max_minutes") or limits.max_minutes or None,
        "memory_limit_mb": limits.memory_limit_mb or None,
        "threads": limits.threads or None,
        "checkpoint_seconds": limits.checkpoint_seconds,
        "card": {"persona": persona.name, "run": run.id, **built.counts},
    }


def write(folder: Path, content: dict[str, Any], built: dataset.Built) -> Path:
    """Write the job and its text into `folder`; take up an earlier attempt's checkpoint of the very same."""
    dataset.write(built.part(held_out=False), folder / "train.jsonl")
    dataset.write(built.part(held_out=True), folder / "held_out.jsonl")
    checkpoint = folder / "checkpoint.safetensors"
    names = {
        "train": str(folder / "train.jsonl"),
        "held_out": str(folder / "held_out.jsonl"),
        "out": str(folder / "adapter"),
        "checkpoint": str(checkpoint),
        "resume": _take_up(folder, content),
    }
    file = folder / "job.json"
    file.write_text(json.dumps({**content, **names}, ensure_ascii=False), encoding="utf-8")
    return file


def _take_up(folder: Path, content: dict[str, Any]) -> bool:
    """Bring over the newest earlier attempt's checkpoint, provided that it was learning the very same."""
    earlier = [f for f in folder.parent.iterdir() if f.name.isdigit() and int(f.name) < int(folder.name)]
    for attempt in sorted(earlier, key=lambda f: -int(f.name)):
        checkpoint, its_job = attempt / "checkpoint.safetensors", attempt / "job.json"
        if not (checkpoint.is_file() and its_job.is_file()):
            continue
        before = json.loads(its_job.read_text(encoding="utf-8"))
        same_text = (attempt / "train.jsonl").read_bytes() == (folder / "train.jsonl").read_bytes()
        if same_text and _learned(before) == _learned(json.loads(json.dumps(content))):
            checkpoint.replace(folder / "checkpoint.safetensors")
            return True
    return False


def _learned(content: dict[str, Any]) -> list[Any]:
    """What must not differ between a beginning and its continuation; threads, limits and prompts may."""
    return [content[name] for name in ("base_name", "shape", "recipe")]


def move_adapter(finished: Path, place: Path) -> None:
    """Rename the finished folder to its place; both lie in the storage folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    finished.replace(place)
    descriptor = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
