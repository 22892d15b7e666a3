"""A measurement in a process of its own. Owns how it is started and what every one of them reports."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path


def measure(module: str, *words: str, threads: int | None = None) -> dict[str, float]:
    """What `python -m module words…` printed last, as JSON. Without `threads`, torch takes all cores."""
    offline = os.environ | {"HF_HUB_OFFLINE": "1"} | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-m", module, *words], cwd=root, env=offline, check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout.splitlines()[-1])


def figures(tokens_per_second: float) -> dict[str, float]:
    return {"tokens_per_second": tokens_per_second, "peak_memory_mb": peak_memory_mb()}


def peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
