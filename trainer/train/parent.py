"""The line to the parent: events out, `cancel` or the end of the pipe in.

Owns standard output, which carries JSON lines and nothing else, and the watcher thread. Imports no model
library, so that the watch begins before those take their seconds.
"""

import contextlib
import json
import os
import threading
import time
from typing import Any

from db.words import say
from trainer.train.failures import EXIT_STATUS, ORPHANED, Cancelled

GRACE_S = 1.2


class Parent:
    """Says events and hears the wish to stop.

    After `cancel` the work has 1.2 s to notice by `check()`; then the watcher itself reports and ends the
    process. Files are only ever renamed into place, so no moment is a bad one. When the pipe closes nobody is
    left to tell, and the process ends at once.
    """

    def __init__(self) -> None:
        # Libraries print: whatever they write to descriptor 1 goes to standard error from here on.
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._ended = False
        self._cancel = threading.Event()

    def watch(self) -> None:
        """Listens to standard input from a thread of its own."""
        threading.Thread(target=self._listen, daemon=True, name="parent").start()

    def say(self, event: str, **facts: Any) -> None:
        """Writes one event; after the last one (done, failed) nothing more is said."""
        line = json.dumps({"event": event, **facts}, ensure_ascii=False) + "\n"
        with self._lock:
            if self._ended:
                return
            self._ended = event in ("done", "failed")
            _write_all(self._out, line.encode())

    def check(self) -> None:
        """Raises Cancelled when the parent has asked for the end."""
        if self._cancel.is_set():
            raise Cancelled(say("The run was cancelled."))

    def _listen(self) -> None:
        heard = b""
        while chunk := _read_some():
            heard += chunk
            *lines, heard = heard.split(b"\n")
            if b"cancel" in (line.strip() for line in lines):
                self._cancel.set()
                time.sleep(GRACE_S)
                self.say("failed", code="cancelled", detail=say("The run was cancelled."))
                os._exit(EXIT_STATUS["cancelled"])
        os._exit(ORPHANED)


def _read_some() -> bytes:
    try:
        return os.read(0, 4096)
    except OSError:
        return b""


def _write_all(descriptor: int, data: bytes) -> None:
    # A parent that has gone is the watcher's business.
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(descriptor, data) :]
