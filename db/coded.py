"""Short words that rows and programs hold, and how people read them.

Owns which words there are, of which kind. In rows, in JSON and in options they stay as they are.
"""

from collections.abc import Mapping
from typing import get_args

from db.members import ROLES, Purpose
from db.models.learning import AdapterState, RunStatus
from db.models.talking import ReplyStatus
from db.models.text import ChannelState, Review
from db.words import mark, say, say_as

# What a run is at, in the trainer and its child, and what preparing a base is at.
_RUN_PHASES = (
    "reading the text", "starting", "loading", "evaluating", "measuring", "training", "saving", "starting_over",
)  # fmt: skip
_BASE_PHASES = (
    "preparing the base", "waiting for another process", "finding", "downloading", "reading weights",
    "reading tokenizer", "writing", "checking", "ready",
)  # fmt: skip

# Why a message was no text to keep, or none to learn.
_AT_IMPORT = (
    "bot", "system", "empty", "duplicate", "malformed", "authorless", "external", "private", "unlisted", "notation",
    "deleted", "forwarded",
)  # fmt: skip
_IN_ROWS = (
    "channel not approved for training", "left out in review", "not reviewed yet", "no permission for API text",
    "author unknown", "author blocked", "no consent",
)  # fmt: skip
_AS_TARGET = (
    "command", "bare link", "bare emoji", "context only", "too short", "over the cap of one member",
)  # fmt: skip

# Why a channel's messages cannot be read, or people there not told that they are.
_TROUBLES = ("not in channel", "archived", "no such channel", "not allowed", "may not write", "no message content")

CODED: Mapping[str, tuple[str, ...]] = {
    "run status": get_args(RunStatus),
    "reply status": get_args(ReplyStatus),
    "adapter state": get_args(AdapterState),
    "channel state": get_args(ChannelState),
    "review": get_args(Review),
    "role": ROLES,
    "purpose": get_args(Purpose),
    "voice": ("community",),
    "phase": (*_RUN_PHASES, *_BASE_PHASES),
    "left out": (*_AT_IMPORT, *_IN_ROWS, *_AS_TARGET),
    "settings": ("recipe", "sampling"),
    "export": ("messages", "members", "channels"),
    "event": ("mention", "message", "deletion", "thumb", "leaving"),
    "trouble": _TROUBLES,
    "speaker": ("base", "live", "candidate"),
    "activation": ("promoted", "rolled back", "the demo"),
}

# What an activation says when the base it stood on went; rows keep it in English.
BASE_CHANGED = mark("the base changed to {base}")

# Where the word itself is no good English.
_IN_ENGLISH = {
    ("trouble", "no message content"): (
        "Discord withholds what people write; switch on “Message Content Intent” for the application, in Discord's "
        "Developer Portal under “Bot”"
    ),
    ("review", "left_out"): "left out",
    ("phase", "loading"): "loading the base",
    ("phase", "measuring"): "measuring the speed",
    ("phase", "evaluating"): "evaluating on held-out text",
    ("phase", "starting_over"): "starting over",
}


def shown(kind: str, word: str) -> str:
    """`word`, one of `kind` in CODED, as people read it; one that is unknown here stays."""
    told = say_as(kind, word)
    return _IN_ENGLISH.get((kind, word), word) if told == word else told


def phase_shown(phase: str) -> str:
    """What a run is at, which may have a step of its own: "preparing the base: reading weights"."""
    return ": ".join(shown("phase", part) for part in phase.split(": "))


def activation_shown(why: str) -> str:
    """Why something went live: what we say of ourselves is translated, what a person wrote stays."""
    before_base = BASE_CHANGED.partition("{")[0]
    if why.startswith(before_base):
        return say(BASE_CHANGED, base=why.removeprefix(before_base))
    return shown("activation", why)
