"""What can end a run before its end, and the code each is told to the parent by.

Owns the errors' names and the recognition of what libraries raise. Imports no library: a failure to import
one has to be named too.
"""

import errno
from collections.abc import Iterator

from db.words import say

EXIT_STATUS = {"error": 1, "bad_input": 2, "out_of_memory": 3, "disk_full": 4, "diverged": 5, "cancelled": 6}
ORPHANED = 7

_MEMORY_WORDS = (
    "can't allocate memory",
    "not enough memory",
    "could not create a primitive",  # oneDNN, when its own allocation failed
    "out of memory",
    "std::bad_alloc",
    "bad allocation",
    "cannot allocate memory",
)
_DISK_WORDS = ("no space left on device", "disk quota exceeded")


class BadInput(Exception):
    """The job, its data or its base cannot be used; the message says what to do."""


class Diverged(Exception):
    """The training broke down; the message says at which step."""


class Cancelled(Exception):
    """The parent asked for the end."""


def named(error: BaseException) -> tuple[str, str]:
    """The failure's code and one sentence of detail."""
    own = {BadInput: "bad_input", Diverged: "diverged", Cancelled: "cancelled"}
    if type(error) in own:
        return own[type(error)], str(error) or say("The run was cancelled.")
    for cause in _chain(error):
        if _out_of_memory(cause):
            return (
                "out_of_memory",
                say("There was not enough memory: use a smaller block, batch or base, or allow more."),
            )
        if _disk_full(cause):
            return "disk_full", say("The disk is full: free some space and run it again.")
    return "error", f"{type(error).__name__}: {error}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return _says(error, _MEMORY_WORDS)


def _disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return _says(error, _DISK_WORDS)


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(word in text for word in words)
