"""A pretended platform at a terminal: lines in, what there is to see out.

Owns the loop. What a line means, each platform's console knows.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable


def port_of(arguments: Iterable[str] | None, about: str | None) -> int:
    """What --port says; 0 where any will do."""
    options = argparse.ArgumentParser(description=about)
    options.add_argument("--port", type=int, default=0)
    return options.parse_args(None if arguments is None else list(arguments)).port


async def obey_lines(obey: Callable[[str], Awaitable[str]]) -> None:
    """Until there is no line any more, or one says quit."""
    while (line := (await asyncio.to_thread(sys.stdin.readline))) and line.strip() != "quit":
        print(await obey(line), flush=True)
        await asyncio.sleep(0)


def pairs(text: str) -> dict[str, str]:
    """Of "note = because; persona = echo"."""
    found = (one.partition("=") for one in text.split(";") if one.strip())
    return {key.strip(): value.strip() for key, _, value in found}
