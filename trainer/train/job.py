"""One job: what the parent asks the training child to do.

Owns the job file's fields and their checks. Knows no model.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from db.recipe import FOR_SHAPE, Recipe, RecipeRefused, recipe_from
from db.words import say
from trainer.train.failures import BadInput

_REQUIRED = ("base", "base_name", "shape", "train", "held_out", "out", "checkpoint")
_OPTIONAL: Mapping[str, Any] = {
    "recipe": {},
    "prompts": [],
    "system": "",
    "sampling": {},
    "live_adapter": None,
    "resume": False,
    "max_minutes": None,
    "memory_limit_mb": None,
    "threads": None,
    "card": {},
    "checkpoint_seconds": 20.0,
}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "base": (str,),
    "base_name": (str,),
    "shape": (str,),
    "train": (str,),
    "held_out": (str,),
    "out": (str,),
    "checkpoint": (str,),
    "recipe": (dict,),
    "prompts": (list,),
    "system": (str, type(None)),
    "sampling": (dict,),
    "live_adapter": (str, type(None)),
    "resume": (bool,),
    "max_minutes": (int, float, type(None)),
    "memory_limit_mb": (int, type(None)),
    "threads": (int, type(None)),
    "card": (dict,),
    "checkpoint_seconds": (int, float),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A checked job.

    `memory_limit_mb` is how much private memory (what the process has written, not files it has mapped) the
    child may hold in all, in MiB; `max_minutes` is for everything from start to saved adapter. None is no
    limit for both.
    """

    base: Path
    base_name: str
    shape: Literal["chat", "text"]
    recipe: Recipe
    train: Path
    held_out: Path
    prompts: tuple[str, ...]
    system: str
    sampling: Mapping[str, Any]
    live_adapter: Path | None
    out: Path
    checkpoint: Path
    resume: bool
    max_minutes: float | None
    memory_limit_mb: int | None
    threads: int | None
    card: Mapping[str, Any]
    checkpoint_seconds: float


def read_job(file: Path) -> Job:
    """Reads a job file. Raises BadInput with one sentence."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(say("The job file {file} cannot be read as JSON.", file=file.name)) from error
    if not isinstance(given, dict):
        raise BadInput(say("The job file {file} must hold one JSON object.", file=file.name))
    return job_from(given)


def job_from(given: Mapping[str, Any]) -> Job:
    """Checks a job's fields. Raises BadInput with one sentence."""
    for key in _REQUIRED:
        if key not in given:
            raise BadInput(say("The job has no {key!r}.", key=key))
    for key, value in given.items():
        if key not in _KINDS:
            raise BadInput(say("A job has no field {key!r}.", key=key))
        wrong_bool = isinstance(value, bool) and bool not in _KINDS[key]
        if wrong_bool or not isinstance(value, _KINDS[key]):
            raise BadInput(say("The job's {key} cannot be {value}.", key=key, value=json.dumps(value)))
    return _job({**_OPTIONAL, **given})


def _job(given: Mapping[str, Any]) -> Job:
    shape = given["shape"]
    if shape not in FOR_SHAPE:
        raise BadInput(say("The job's shape must be chat or text, not {shape!r}.", shape=shape))
    if not all(isinstance(prompt, str) for prompt in given["prompts"]):
        raise BadInput(say("The job's prompts must be a list of texts."))
    if not given["out"] or not given["checkpoint"]:
        raise BadInput(say("The job's out and checkpoint must name a folder and a file."))
    return Job(
        base=Path(given["base"]),
        base_name=given["base_name"],
        shape=shape,
        recipe=_recipe(shape, given["recipe"]),
        train=Path(given["train"]),
        held_out=Path(given["held_out"]),
        prompts=tuple(given["prompts"]),
        system=(given["system"] or "").strip(),
        sampling=given["sampling"],
        live_adapter=Path(given["live_adapter"]) if given["live_adapter"] else None,
        out=Path(given["out"]),
        checkpoint=Path(given["checkpoint"]),
        resume=given["resume"],
        max_minutes=_limit(given, "max_minutes"),
        memory_limit_mb=_limit(given, "memory_limit_mb"),
        threads=_limit(given, "threads"),
        card=given["card"],
        checkpoint_seconds=float(given["checkpoint_seconds"]),
    )


def _recipe(shape: str, given: Mapping[str, Any]) -> Recipe:
    """The recipe's values, over the shape's preset unless a `preset` is named among them."""
    overrides = dict(given)
    try:
        return recipe_from(str(overrides.pop("preset", FOR_SHAPE[shape])), overrides)
    except RecipeRefused as refused:
        raise BadInput(str(refused)) from refused


def _limit(given: Mapping[str, Any], key: str) -> Any:
    """None and 0 both mean no limit."""
    value = given[key]
    if value is not None and value < 0:
        raise BadInput(say("The job's {key} cannot be below zero.", key=key))
    return value or None
