"""What the name of a base may stand for, as far as it shows without asking anyone.

Owns telling packages, files, hub ids and plain words apart. Knows no settings, no hub and no model.
"""

import os
import re
from typing import Literal

HUB_ID = re.compile(r"(?P<repo>[\w.-]+(/[\w.-]+)?)(@(?P<revision>[\w./-]+))?", re.ASCII)

Kind = Literal["package", "disk", "hub", "word", "nothing"]


def kind_of(source: str) -> Kind:
    """A `word` has no owner in front: some of the hub's oldest models are called so (gpt2), and only it knows which."""
    if source.startswith("package:"):
        return "package"
    # Unlike Path.exists, this says no to what cannot even be a path, and to nothing at all.
    if os.path.exists(os.path.expanduser(source)):  # noqa: PTH110, PTH111
        return "disk"
    named = HUB_ID.fullmatch(source)
    if named is None or source.startswith(".") or source.endswith(".gguf"):
        return "nothing"
    return "hub" if "/" in named["repo"] else "word"
