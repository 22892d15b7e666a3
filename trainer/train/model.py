"""The base in memory, and the loss of a micro-batch.

Owns number formats, the device, and the way from hidden states to a loss. Knows no LoRA and no file but the
base's.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from db.words import say
from trainer.train.examples import Rendering
from trainer.train.failures import BadInput
from trainer.train.packing import MicroBatch

# Logits of one piece of a batch: 2**24 of them are 64 MiB in float32, whatever the vocabulary.
LOGITS_AT_ONCE = 2**24
# The fused kernel's backward pass loses to plain matrix products on short rows (measured: 579 to 683 tokens/s
# at 128 tokens, 609 to 561 at 256, SmolLM2-135M on two cores).
SHORT_ROW = 160


@dataclass(frozen=True, slots=True)
class Base:
    """A prepared base, loaded. `context` is in tokens."""

    model: PreTrainedModel
    rendering: Rendering
    context: int
    device: torch.device


def load_base(folder: Path, block: int) -> Base:
    """Loads a prepared folder for training with rows of `block` tokens. Raises BadInput."""
    transformers_logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        facts = json.loads((folder / "base.json").read_text(encoding="utf-8"))
        eos, context, newlines = facts["eos_token_ids"], facts["context"], facts["keeps_newlines"]
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(say("The folder {folder} is no prepared base: prepare it again.", folder=folder.name)) from error
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    attention = "eager" if device.type == "cpu" and block <= SHORT_ROW else "sdpa"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=precision(device), attn_implementation=attention, use_safetensors=True
    )
    model.requires_grad_(False)
    cast(nn.Module, model).to(device)
    return Base(model, Rendering(tokenizer, frozenset(eos), newlines), context, device)


def precision(device: torch.device) -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, which is twice as fast; float32 elsewhere."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    abilities = torch.cpu.get_capabilities()
    native = any(abilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.bfloat16 if native else torch.float32


def loss_sum(model: PreTrainedModel, batch: MicroBatch) -> Tensor:
    """The sum of the losses (nats) of all targets of a micro-batch: a scalar, with gradient where enabled.

    Logits are computed for targets only. `model` may carry LoRA layers inside.
    """
    hidden = _hidden(model, batch)
    chosen = hidden.reshape(-1, hidden.shape[-1])[batch.places]
    return cast(Tensor, _HeadLoss.apply(chosen, batch.targets, head(model)))


def _hidden(model: PreTrainedModel, batch: MicroBatch) -> Tensor:
    decoder = model.get_decoder()
    return decoder(input_ids=batch.ids, position_ids=batch.positions, use_cache=False).last_hidden_state


def head(model: PreTrainedModel) -> Callable[[Tensor], Tensor]:
    """Hidden states (n, width) → logits (n, vocabulary), with the scalings that some families add."""
    output = cast(nn.Module, model.get_output_embeddings())
    config = model.config.get_text_config()
    cap: Any = getattr(config, "final_logit_softcapping", None)
    scale = float(getattr(config, "logit_scale", None) or 1.0) / float(getattr(config, "logits_scaling", None) or 1.0)

    def logits(hidden: Tensor) -> Tensor:
        found = output(hidden).float()
        found = found * scale if scale != 1.0 else found
        return torch.tanh(found / cap) * cap if cap else found

    return logits


class _HeadLoss(torch.autograd.Function):
    """Output layer and cross entropy piece by piece.

    The output layer is frozen, so the gradient of the hidden states is all that is wanted: it is computed
    with the loss, and no logits are kept for later.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, targets: Tensor, logits: Callable[[Tensor], Tensor]) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        gradient = torch.empty_like(hidden) if wanted else None
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        for begin, end in _pieces(hidden, logits):
            piece = hidden[begin:end].detach().requires_grad_(wanted)
            with torch.set_grad_enabled(wanted):
                loss = cross_entropy(logits(piece), targets[begin:end], reduction="sum")
            if gradient is not None:
                gradient[begin:end] = torch.autograd.grad(loss, piece)[0]
            total += loss.detach()
        ctx.gradient = gradient
        return total

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        return ctx.gradient * upstream[0].to(ctx.gradient.dtype), None, None


def _pieces(hidden: Tensor, logits: Callable[[Tensor], Tensor]) -> list[tuple[int, int]]:
    vocabulary = logits(hidden[:1].detach()).shape[-1] if len(hidden) else 1
    size = max(16, LOGITS_AT_ONCE // vocabulary)
    return [(begin, min(begin + size, len(hidden))) for begin in range(0, len(hidden), size)]
