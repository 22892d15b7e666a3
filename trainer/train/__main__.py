"""`python -m trainer.train JOB.json`: a job in, JSON lines out, an exit status by the failure's name.

Owns the beginning and the end of the child process. The watch over the parent's pipe begins before torch is
imported, which takes seconds.
"""

import os
import sys
import traceback
from pathlib import Path

from db import words
from db.words import say
from trainer.train.failures import EXIT_STATUS, named
from trainer.train.parent import Parent

NICENESS = 10


def main() -> int:
    """Does the job named by the first argument; returns the exit status."""
    words.set_default(words.of_environment() or "en")
    parent = Parent()
    parent.watch()
    os.nice(NICENESS)
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_PROGRESS_BARS="1", TOKENIZERS_PARALLELISM="false")
    try:
        _work(parent)
    except Exception as error:
        code, detail = named(error)
        if code == "error":
            traceback.print_exc()
        parent.say("failed", code=code, detail=detail)
        return EXIT_STATUS[code]
    return 0


def _work(parent: Parent) -> None:
    from trainer.train.failures import BadInput
    from trainer.train.job import read_job

    if len(sys.argv) != 2:
        raise BadInput(say("Say which job: python -m trainer.train JOB.json"))
    job = read_job(Path(sys.argv[1]))
    from trainer.train.run import Run  # imports torch

    Run(job, parent).work()


if __name__ == "__main__":
    status = main()
    # The watcher may hold standard input; the interpreter's own way out would wait for it.
    sys.stderr.flush()
    os._exit(status)
