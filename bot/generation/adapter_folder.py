"""One adapter's folder, read and judged: PEFT's files become plain matrices, or one sentence why not.

Owns PEFT's file format and the reasons to refuse. Puts nothing into a model and knows none, only the shapes of
the base's layers; reading takes no thread of the model's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from bot.generation.engine import AdapterRefused
from db.words import later, listed

CONFIG, WEIGHTS, TEMPLATE = "adapter_config.json", "adapter_model.safetensors", "chat_template.jinja"
PREFIX = "base_model.model."
SIDES = (".lora_A.weight", ".lora_B.weight")

# What makes LoRA more than two small matrices beside a linear layer.
UNSUPPORTED = (
    "use_dora", "modules_to_save", "trainable_token_indices", "target_parameters", "layer_replication",
    "lora_bias", "use_qalora", "use_bdlora", "arrow_config", "alora_invocation_tokens",
)  # fmt: skip
# Ways to begin that take something away from the base's own weights, which stay as they are here.
CHANGE_THE_BASE = ("pissa", "olora", "loftq", "corda")


@dataclass(frozen=True, slots=True)
class Factors:
    """What stands beside one layer: output += input @ down @ up, the scaling already in `up`."""

    down: torch.Tensor  # [inputs, rank]
    up: torch.Tensor  # [rank, outputs]


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """An adapter's factors by the layer's name, and the template it was trained with."""

    layers: Mapping[str, Factors]
    template: str


def read_adapter(folder: Path, shapes: Mapping[str, tuple[int, int]]) -> Adapter:
    """Reads the folder for a base whose linear layers have `shapes` (name → inputs, outputs).

    Raises AdapterRefused when a file is missing or broken, or the weights are not plain LoRA of this base.
    """
    for name in (CONFIG, WEIGHTS, TEMPLATE):
        if not (folder / name).is_file():
            raise AdapterRefused(
                later("The adapter in {folder} has no {name}; train it again.", folder=folder.name, name=name)
            )
    try:
        config = _config(json.loads((folder / CONFIG).read_text(encoding="utf-8")), folder.name)
        layers = _layers(load_file(folder / WEIGHTS), config, folder.name, shapes)
        return Adapter(layers, (folder / TEMPLATE).read_text(encoding="utf-8"))
    except (OSError, ValueError, SafetensorError) as cause:
        reason = later(
            "The adapter in {folder} cannot be read ({cause}); train it again.", folder=folder.name, cause=str(cause)
        )
        raise AdapterRefused(reason) from cause


def _config(config: Any, name: str) -> dict[str, Any]:
    if not isinstance(config, dict):
        raise AdapterRefused(
            later("The adapter in {name} has an {file} that is no table; train it again.", name=name, file=CONFIG)
        )
    kind = config.get("peft_type")
    if kind != "LORA":
        raise AdapterRefused(
            later("The adapter in {name} is of type {kind}; only LoRA is served.", name=name, kind=kind)
        )
    extra = [key for key in UNSUPPORTED if config.get(key)]
    if config.get("bias", "none") != "none":
        extra.append("bias")
    if str(config.get("init_lora_weights")).lower().startswith(CHANGE_THE_BASE):
        extra.append(f"init_lora_weights {config['init_lora_weights']}")
    if extra:
        raise AdapterRefused(
            later("The adapter in {name} uses {extra}; train it as plain LoRA.", name=name, extra=listed(extra))
        )
    return config


def _layers(
    weights: dict[str, torch.Tensor], config: dict[str, Any], name: str, shapes: Mapping[str, tuple[int, int]]
) -> dict[str, Factors]:
    if not weights:
        raise AdapterRefused(later("The adapter in {name} holds no weights; train it again.", name=name))
    for key, tensor in weights.items():
        if not _fits(key, tuple(tensor.shape), shapes):
            raise AdapterRefused(
                later("The adapter in {name} was trained on another base: {key} has no place here.", name=name, key=key)
            )
        if not tensor.isfinite().all():
            raise AdapterRefused(
                later("The adapter in {name} holds values that are not numbers; train it again.", name=name)
            )
    layers = {key[len(PREFIX) : -len(SIDES[0])] for key in weights}
    return {layer: _factors(layer, weights, config, name) for layer in sorted(layers)}


def _fits(key: str, shape: tuple[int, ...], shapes: Mapping[str, tuple[int, int]]) -> bool:
    for side, end in enumerate(SIDES):
        if key.startswith(PREFIX) and key.endswith(end):
            layer = shapes.get(key[len(PREFIX) : -len(end)])
            # A is rank by inputs, B is outputs by rank.
            return layer is not None and len(shape) == 2 and shape[1 - side] == layer[side]
    return False


def _factors(layer: str, weights: dict[str, torch.Tensor], config: dict[str, Any], name: str) -> Factors:
    if not _is_target(layer, config.get("target_modules")):
        raise AdapterRefused(
            later(
                "The adapter in {name} has weights for {layer}, which it does not name; train it again.",
                name=name,
                layer=layer,
            )
        )
    try:
        a, b = (weights[PREFIX + layer + end] for end in SIDES)
    except KeyError as missing:
        raise AdapterRefused(
            later("The adapter in {name} lacks {what}; train it again.", name=name, what=missing.args[0])
        ) from missing
    rank = _of_layer(layer, config.get("rank_pattern"), config.get("r"))
    if a.shape[0] != rank or b.shape[1] != rank:
        raise AdapterRefused(
            later(
                "The adapter in {name} has other ranks in {layer} than it says; train it again.", name=name, layer=layer
            )
        )
    alpha = _of_layer(layer, config.get("alpha_pattern"), config.get("lora_alpha"))
    scaling = alpha / (rank**0.5 if config.get("use_rslora") else rank)
    return Factors(a.T.contiguous(), (b.float() * scaling).T.contiguous())


def _is_target(layer: str, targets: Any) -> bool:
    """PEFT's rule: a list of names that end the layer's own, or one pattern for the whole of it."""
    if isinstance(targets, str):
        return targets == "all-linear" or re.fullmatch(targets, layer) is not None
    return any(f".{layer}".endswith(f".{target}") for target in targets or ())


def _of_layer(layer: str, pattern: dict[str, float] | None, otherwise: Any) -> Any:
    """A layer's own rank or alpha: the first pattern that is its name, or ends it after a dot (PEFT's rule)."""
    for end, value in (pattern or {}).items():
        if re.match(rf"(.*\.)?({end})$", layer):
            return value
    if not isinstance(otherwise, int | float):
        raise ValueError(later("r or lora_alpha is no number"))
    return otherwise
