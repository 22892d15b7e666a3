"""Whether an adapter's folder can speak on a base, decided from its files alone.

Owns the reasons to refuse. Loads nothing into a model and knows none, only the shapes of the base's layers.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from bot.generation.engine import AdapterRefused

CONFIG, WEIGHTS, TEMPLATE = "adapter_config.json", "adapter_model.safetensors", "chat_template.jinja"
PREFIX = "base_model.model."

# What makes LoRA more than two small matrices beside a linear layer.
UNSUPPORTED = (
    "use_dora", "modules_to_save", "trainable_token_indices", "target_parameters", "layer_replication",
    "lora_bias", "use_qalora", "use_bdlora", "arrow_config", "alora_invocation_tokens",
)  # fmt: skip


def read_template(folder: Path, layers: Mapping[str, tuple[int, int]]) -> str:
    """Checks the folder against the base's linear layers (name → inputs, outputs) and returns its template.

    Raises AdapterRefused when a file is missing or broken, or the weights are not plain LoRA of this base.
    """
    for name in (CONFIG, WEIGHTS, TEMPLATE):
        if not (folder / name).is_file():
            raise AdapterRefused(f"The adapter in {folder.name} has no {name}; train it again.")
    try:
        _check_config(json.loads((folder / CONFIG).read_text(encoding="utf-8")), folder.name)
        _check_weights(folder, layers)
        return (folder / TEMPLATE).read_text(encoding="utf-8")
    except (OSError, ValueError, SafetensorError) as cause:
        reason = f"The adapter in {folder.name} cannot be read ({cause}); train it again."
        raise AdapterRefused(reason) from cause


def _check_config(config: Any, name: str) -> None:
    if not isinstance(config, dict):
        raise AdapterRefused(f"The adapter in {name} has an {CONFIG} that is no table; train it again.")
    kind = config.get("peft_type")
    if kind != "LORA":
        raise AdapterRefused(f"The adapter in {name} is of type {kind}; only LoRA is served.")
    extra = [key for key in UNSUPPORTED if config.get(key)]
    if config.get("bias", "none") != "none":
        extra.append("bias")
    if extra:
        raise AdapterRefused(f"The adapter in {name} uses {', '.join(extra)}; train it as plain LoRA.")


def _check_weights(folder: Path, layers: Mapping[str, tuple[int, int]]) -> None:
    with safe_open(folder / WEIGHTS, framework="pt") as weights:
        names = set(weights.keys())
        if not names:
            raise AdapterRefused(f"The adapter in {folder.name} holds no weights; train it again.")
        for name in names:
            tensor = weights.get_tensor(name)
            if not _fits(name, tuple(tensor.shape), layers):
                raise AdapterRefused(
                    f"The adapter in {folder.name} was trained on another base: {name} has no place here."
                )
            if not tensor.isfinite().all():
                raise AdapterRefused(f"The adapter in {folder.name} holds values that are not numbers; train it again.")


def _fits(name: str, shape: tuple[int, ...], layers: Mapping[str, tuple[int, int]]) -> bool:
    for side, end in enumerate((".lora_A.weight", ".lora_B.weight")):
        if name.startswith(PREFIX) and name.endswith(end):
            layer = layers.get(name[len(PREFIX) : -len(end)])
            # A is rank by inputs, B is outputs by rank.
            return layer is not None and len(shape) == 2 and shape[1 - side] == layer[side]
    return False
