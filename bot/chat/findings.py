"""What a look at something found: what was looked at, whether it is sound, and what to do where it is not.

Owns the form; the looks stand where things are known (bot.doctor, each network).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`ok` with an `advice` is something to know, not something to mend."""

    what: str
    ok: bool
    detail: str
    advice: str = ""
