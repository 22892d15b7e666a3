"""Keys that are made here and never leave: one file each in the data folder, readable by its owner alone.

Owns making them. Knows nothing of what they are for.
"""

import contextlib
import os
import secrets
from pathlib import Path


def secret_key(folder: Path, name: str) -> bytes:
    """A key of 32 random bytes kept in `folder`/keys (readable by its owner alone), made at first use."""
    file = folder / "keys" / name
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_once(file, secrets.token_hex(32))
    return bytes.fromhex(file.read_text())


def _keep_once(file: Path, text: str) -> None:
    """Written aside and linked: of two programs that begin together one wins, none reads half a key."""
    aside = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    try:
        with contextlib.suppress(FileExistsError):
            os.link(aside, file)
    finally:
        aside.unlink()
