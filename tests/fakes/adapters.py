"""Random LoRA adapters for tests: untrained, but loud enough to change what a base says.

Owns how an adapter folder looks when it comes from training. Knows nothing of engines.
"""

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer


def random_adapter(base: Path, folder: Path, seed: int, template: str | None = None, **lora: Any) -> Path:
    """A rank-4 adapter for a prepared base in `folder`, with the base's template or the given one.

    `lora` overrides LoraConfig's fields.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        options: dict[str, Any] = {"r": 4, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | lora
        tuned = get_peft_model(model, LoraConfig(**options))
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.5)
        tuned.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(base)
    text = template or tokenizer.get_chat_template("default")
    (folder / "chat_template.jinja").write_text(text, encoding="utf-8")
    return folder
