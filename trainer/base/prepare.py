"""Preparing a base: found, read, mended, written aside, renamed into place, and never changed again.

Owns the order of the steps, the lock and what a crash may leave. Knows no database.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from db.words import say
from trainer.base import templates
from trainer.base.manifest import BaseUnavailable, Manifest, read_manifest, write_manifest
from trainer.base.progress import Progress
from trainer.base.sources import Found, locate

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def prepare(source: str, folder: Path, *, cache: Path, progress: Progress) -> Manifest:
    """Makes `folder` the prepared base of `source`, or finds it already made.

    `source` is `package:NAME`, a model folder, a `.gguf` file or `org/name[@revision]` on a hub; downloads
    are kept under `cache`. The folder appears complete or not at all; of several processes one prepares and
    the others wait. `progress` may be called from other threads. Raises BaseUnavailable.
    """
    if _stands(folder):
        return _same(source, folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder, progress):
            return _same(source, folder) if _stands(folder) else _make(source, folder, cache, progress)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise BaseUnavailable(
            say("The disk is full: make room for {folder} and prepare it again.", folder=folder)
        ) from error


def _stands(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _same(source: str, folder: Path) -> Manifest:
    manifest = read_manifest(folder)
    if manifest.source != source:
        raise BaseUnavailable(
            say(
                "{folder} already holds {other}: give {source} a folder of its own.",
                folder=folder,
                other=manifest.source,
                source=source,
            )
        )
    return manifest


@contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Only one process at a time prepares a folder; the lock falls with its process."""
    lock = FileLock(folder.parent / f".{folder.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress("waiting for another process", None)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(source: str, folder: Path, cache: Path, progress: Progress) -> Manifest:
    aside = folder.parent / f".{folder.name}.preparing"
    shutil.rmtree(aside, ignore_errors=True)  # what a crash left
    try:
        manifest = _build(source, locate(source, cache, progress), aside, progress)
        for path in (*aside.rglob("*"), aside):
            _sync(path)
        aside.replace(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def _build(source: str, found: Found, aside: Path, progress: Progress) -> Manifest:
    # Imported here: whoever only reads manifests should not carry torch.
    from trainer.base import tokenizer as tokens
    from trainer.base import weights

    with weights.without_bars():
        progress("reading weights", None)
        model = weights.read_weights(found)
        context = weights.context_of(model)
        progress("reading tokenizer", None)
        tokenizer = tokens.read_tokenizer(found, context)
        newlines = tokens.keeps_newlines(tokenizer)
        template = templates.dress(tokenizer, writes_bos=tokens.writes_bos(tokenizer), keeps_newlines=newlines)
        stops = tokens.stops(tokenizer, weights.stop_tokens(model))
        tokens.choose_padding(tokenizer, stops, rows=weights.rows_of(model))
        weights.set_tokens(model, tokenizer, stops)
        progress("writing", None)
        weights.write_weights(model, aside)
        tokenizer.save_pretrained(aside)
    manifest = Manifest(
        source=source,
        revision=found.revision,
        read_from=found.weights,
        parameters=model.num_parameters(),
        context=context,
        dtype=str(model.dtype).removeprefix("torch."),
        eos_token_ids=stops,
        keeps_newlines=newlines,
        chat_template=template,
        files=dict(_digests(aside, progress)),
    )
    write_manifest(aside, manifest)
    return manifest


def _digests(folder: Path, progress: Progress) -> Iterator[tuple[str, str]]:
    """(name, SHA-256) of every file, in the order of names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for done, path in enumerate(files):
        progress("checking", done / len(files))
        with path.open("rb") as file:
            yield path.relative_to(folder).as_posix(), hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Makes a file's content, or a folder's names, outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
