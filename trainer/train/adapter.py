"""An adapter's folder, written aside and renamed when it is whole.

Owns the folder's files and the model card. Knows no run and no row; what the card tells comes as facts, never
as text that somebody wrote.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import save

from db.recipe import Recipe
from db.words import say
from trainer.evaluate import Score
from trainer.train.checkpoint import sync_folder, write_synced
from trainer.train.failures import BadInput
from trainer.train.lora import ADAPTER

WEIGHTS = "adapter_model.safetensors"


def write_adapter(out: Path, peft: PeftModel, template: str, card: str) -> str:
    """Writes the adapter's folder; returns its weights' SHA-256. Raises BadInput when `out` is taken."""
    if out.exists():
        raise BadInput(say("The adapter folder {folder} exists already: name another.", folder=out.name))
    tensors = get_peft_model_state_dict(peft, adapter_name=ADAPTER, save_embedding_layers=False)
    weights = save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, {"format": "pt"})
    files = {
        "adapter_config.json": _config(peft),
        WEIGHTS: weights,
        "chat_template.jinja": template.encode(),
        "README.md": card.encode(),
    }
    aside = out.with_name(f".{out.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        for name, content in files.items():
            write_synced(aside / name, content)
        sync_folder(aside)
        aside.rename(out)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    sync_folder(out.parent)
    return hashlib.sha256(weights).hexdigest()


def _config(peft: PeftModel) -> bytes:
    fields = {**peft.peft_config[ADAPTER].to_dict(), "inference_mode": True}
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in fields.items()}
    return (json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def model_card(base_name: str, facts: Mapping[str, Any], recipe: Recipe, scores: Mapping[str, Score]) -> str:
    """The card in Markdown. `facts` are numbers, names and mappings of them; `scores` are by who."""
    lines = ["---", f"base_model: {json.dumps(base_name)}", "library_name: peft"]
    if isinstance(facts.get("licence"), str):
        lines.append(f"license: {json.dumps(facts['licence'])}")
    lines += ["tags: [lora, yamabiko]", "---", "", "# A personality of Yamabiko", ""]
    lines += [f"A LoRA adapter for {base_name}. It speaks with the chat template that lies beside it.", ""]
    lines += ["## Made of", "", *_facts(facts, ""), "", "## Recipe", "", *_facts(asdict(recipe), ""), ""]
    lines += [
        "## Held-out text",
        "",
        "| who | loss (nats per token) | perplexity | tokens |",
        "|---|---|---|---|",
    ]
    for who, score in scores.items():
        lines.append(f"| {who} | {score.loss:.4f} | {score.perplexity:.2f} | {score.tokens} |")
    return "\n".join(lines) + "\n"


def _facts(facts: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield f"{indent}- {key}:"
            yield from _facts(value, indent + "  ")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            yield f"{indent}- {key}: {shown}"
