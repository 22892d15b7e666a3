"""Where a run stands, in one file.

Owns the file's form: the LoRA weights, the optimiser's two moments and the state of chance as tensors; the
step, the plan and what the run was made of as metadata. Knows no model.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from db.words import say
from trainer.train.plan import Plan


class CheckpointUnusable(Exception):
    """The checkpoint cannot be continued; the message says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`step` steps are done. `weights`, `average`, `square`: (parameters,), float32; `chance` is torch's own.

    `made_of` names recipe, base and data; a checkpoint of something else is never continued.
    """

    step: int
    plan: Plan
    made_of: str
    weights: Tensor
    average: Tensor
    square: Tensor
    chance: Tensor


def write_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Replaces the file by this checkpoint at once, or leaves it as it was."""
    tensors = {name: getattr(checkpoint, name) for name in ("weights", "average", "square", "chance")}
    facts = {"step": checkpoint.step, "made_of": checkpoint.made_of, "plan": asdict(checkpoint.plan)}
    content = save({name: tensor.cpu() for name, tensor in tensors.items()}, {"facts": json.dumps(facts)})
    aside = file.with_name(f".{file.name}.aside")
    try:
        write_synced(aside, content)
        aside.replace(file)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def read_checkpoint(file: Path, made_of: str) -> Checkpoint:
    """Raises CheckpointUnusable; FileNotFoundError where there is none."""
    if not file.exists():
        raise FileNotFoundError(file)
    try:
        with safe_open(file, "pt") as opened:
            facts = json.loads(opened.metadata()["facts"])
            tensors = {name: opened.get_tensor(name) for name in ("weights", "average", "square", "chance")}
        found = Checkpoint(facts["step"], Plan(**facts["plan"]), facts["made_of"], **tensors)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointUnusable(say("The checkpoint cannot be read.")) from error
    if found.made_of != made_of:
        raise CheckpointUnusable(say("The checkpoint belongs to another recipe, base or dataset."))
    if not all(torch.isfinite(tensor).all() for tensor in (found.weights, found.average, found.square)):
        raise CheckpointUnusable(say("The checkpoint holds numbers that are none."))
    return found


def write_synced(file: Path, content: bytes) -> None:
    """Writes a file and waits until the disk has it."""
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def sync_folder(folder: Path) -> None:
    """Waits until the disk has the folder's names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
