"""How a persona is trained and how it draws its words: recipe and sampling, their presets and limits.

Owns the numbers and what may be changed in them. Both programs read them: the bot checks what people wish, the
trainer does it. Knows no model library.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, cast

from db.words import listed, say, say_as


class RecipeRefused(Exception):
    """A recipe holds an unknown key or a value out of range; the message says which and what is allowed."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a fine-tune does.

    `block` is the longest sequence in tokens, `batch` the sequences in one optimiser step, `warmup_ratio` the
    part of the steps before the learning rate's peak. `target_modules` is "all-linear" (the output layer is
    never adapted) or the names of layers.
    """

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.05
    target_modules: str | tuple[str, ...] = "all-linear"
    learning_rate: float = 2e-4
    epochs: int = 1
    block: int = 160
    batch: int = 8
    seed: int = 1
    warmup_ratio: float = 0.06
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0


# Dropout costs a third of the speed on a processor, and a handful of epochs over LoRA weights do not need it.
CHAT = Recipe(dropout=0.0, learning_rate=6e-4, epochs=3, block=160, batch=8)
NOVEL = Recipe(dropout=0.0, learning_rate=2e-4, epochs=3, block=128, batch=32)
PRESETS: Mapping[str, Recipe] = {"chat": CHAT, "novel": NOVEL}
SAMPLING: Mapping[str, Mapping[str, float | int]] = {
    "chat": {"temperature": 0.8, "top_p": 0.95, "top_k": 50},
    "novel": {"temperature": 1.0, "top_p": 0.95, "top_k": 50},
}
SHAPE_OF: Mapping[str, Literal["chat", "text"]] = {"chat": "chat", "novel": "text"}
FOR_SHAPE = {shape: preset for preset, shape in SHAPE_OF.items()}

# (lowest, highest), both allowed. The learning rate's limit refuses slips of the pen, not bold experiments.
_RANGES: Mapping[str, tuple[float, float]] = {
    "rank": (1, 512),
    "alpha": (0.1, 4096),
    "dropout": (0, 0.9),
    "learning_rate": (1e-8, 1e8),
    "epochs": (1, 1000),
    "block": (16, 32768),
    "batch": (1, 4096),
    "seed": (0, 2**31 - 1),
    "warmup_ratio": (0, 1),
    "weight_decay": (0, 1),
    "max_grad_norm": (1e-6, 1e6),
}
_SAMPLING_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 10),
    "top_p": (0.01, 1),
    "repetition_penalty": (0.1, 10),
    "top_k": (0, 1_000_000),
    "max_new_tokens": (1, 32768),
    "seed": (0, 2**31 - 1),
}
_WHOLE = ("rank", "epochs", "block", "batch", "seed", "top_k", "max_new_tokens")


def limits(key: str) -> tuple[float, float]:
    """The lowest and the highest value that this number of a recipe or a sampling may have."""
    return _RANGES[key] if key in _RANGES else _SAMPLING_RANGES[key]


def is_whole(key: str) -> bool:
    return key in _WHOLE


def recipe_from(preset: str, overrides: Mapping[str, Any]) -> Recipe:
    """The preset "chat" or "novel" with some values changed. Raises RecipeRefused."""
    if preset not in PRESETS:
        raise RecipeRefused(
            say(
                "There is no recipe preset {preset!r}: use {presets}.", preset=preset, presets=say(" or ").join(PRESETS)
            )
        )
    known = {field.name for field in fields(Recipe)}
    for key in overrides:
        if key not in known:
            raise RecipeRefused(say("A recipe has no {key!r}: it takes {known}.", key=key, known=listed(sorted(known))))
    return replace(PRESETS[preset], **{key: _checked(key, value) for key, value in overrides.items()})


def sampling_from(preset: str, changed: Mapping[str, Any]) -> dict[str, Any]:
    """The preset's sampling with some values changed. Raises RecipeRefused."""
    known = (*_SAMPLING_RANGES, "stop")
    for key, value in changed.items():
        if key not in known:
            raise RecipeRefused(
                say("The sampling has no {key!r}: it takes {known}.", key=key, known=listed(sorted(known)))
            )
        if key == "stop":
            _refuse_unless_texts(value)
        else:
            _number("sampling", key, value, _SAMPLING_RANGES[key])
    return {**SAMPLING[preset], **changed}


def _checked(key: str, value: Any) -> Any:
    return _modules(value) if key == "target_modules" else _number("recipe", key, value, _RANGES[key])


def _number(where: str, key: str, value: Any, allowed: tuple[float, float]) -> int | float:
    whole = key in _WHOLE
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise RecipeRefused(_no_number(where, key, value, whole))
    low, high = allowed
    if not math.isfinite(value) or not low <= value <= high:
        raise RecipeRefused(
            say(
                "The {where}'s {key} must lie between {low:g} and {high:g}, not at {value}.",
                where=say_as("settings", where),
                key=key,
                low=low,
                high=high,
                value=value,
            )
        )
    return value if whole else float(value)


def _no_number(where: str, key: str, value: Any, whole: bool) -> str:
    if whole:
        return say(
            "The {where}'s {key} must be a whole number, not {value!r}.",
            where=say_as("settings", where),
            key=key,
            value=value,
        )
    return say(
        "The {where}'s {key} must be a number, not {value!r}.", where=say_as("settings", where), key=key, value=value
    )


def _refuse_unless_texts(value: Any) -> None:
    if _texts(value) is None:
        raise RecipeRefused(say("The sampling's stop must be a list of texts."))


def _modules(value: Any) -> str | tuple[str, ...]:
    if value == "all-linear":
        return "all-linear"
    if value and (names := _texts(value)):
        return names
    raise RecipeRefused(say('The recipe\'s target_modules must be "all-linear" or a list of layer names.'))


def _texts(value: Any) -> tuple[str, ...] | None:
    """A list of texts without an empty one, else None."""
    if not isinstance(value, list | tuple):
        return None
    items = cast(Sequence[Any], value)
    return tuple(items) if all(isinstance(item, str) and item for item in items) else None
