"""`base.json`: what a prepared folder holds.

Owns the manifest's fields, how it is written and read, and the one error of this room. Knows no library.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from db.words import say

NAME = "base.json"

Weights = Literal["safetensors", "bin", "gguf"]
Template = Literal["own", "lines"]


class BaseUnavailable(Exception):
    """The base cannot be had or used; the message says why, and what to do, in one sentence."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a prepared folder says of itself.

    `source` is what was asked for; `revision` the hub's commit, the package's version or the file's SHA-256,
    None for a folder. `read_from` is the form the weights came in: they are always kept as safetensors, and
    "bin" means that a pickled checkpoint was read without running code from it. `parameters` counts tied
    weights once, `context` is in tokens, `files` gives each file's SHA-256 by its name within the folder.
    """

    source: str
    revision: str | None
    read_from: Weights
    parameters: int
    context: int
    dtype: str
    eos_token_ids: tuple[int, ...]
    keeps_newlines: bool
    chat_template: Template
    files: Mapping[str, str]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a prepared folder, its files' presence checked. Raises BaseUnavailable."""
    try:
        fields = json.loads((folder / NAME).read_text(encoding="utf-8"))
        manifest = Manifest(**{**fields, "eos_token_ids": tuple(fields["eos_token_ids"])})
    except OSError as error:
        raise BaseUnavailable(
            say("{folder} is not a prepared base: run `prepare` for it first.", folder=folder)
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BaseUnavailable(
            say("{file} cannot be read: delete the folder and prepare it again.", file=folder / NAME)
        ) from error
    missing = sorted(name for name in manifest.files if not (folder / name).is_file())
    if missing:
        raise BaseUnavailable(
            say("{folder} has lost {file}: delete the folder and prepare it again.", folder=folder, file=missing[0])
        )
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / NAME).write_text(json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
