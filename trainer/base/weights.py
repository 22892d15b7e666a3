"""The weights of a base: read from whichever form they come in, checked, ready to be saved.

Owns what counts as a usable causal model. Knows no tokenizer. Code that comes with a model is never run.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    GgufConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.utils import logging

from db.words import say
from trainer.base.manifest import BaseUnavailable
from trainer.base.sources import Found

_CONTEXT_NAMES = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len")


def read_weights(found: Found) -> PreTrainedModel:
    """The model in memory, in evaluation mode: GGUF dequantised to bfloat16, others in their own type.

    Pickled weights are read by torch's restricted loader, which runs no code. Raises BaseUnavailable.
    """
    if found.gguf is None:
        _check_kind(found)
    try:
        model, notes = _load(found)
    except (MemoryError, OSError) as error:
        if isinstance(error, MemoryError) or error.errno is not None:
            raise
        raise _unreadable(found) from error
    except Exception as error:
        raise _unreadable(found) from error  # a damaged file fails in many ways; to the user they are one
    if notes["missing_keys"] or notes["mismatched_keys"]:
        raise BaseUnavailable(
            say(
                "The weights in {folder} do not fill a causal language model: choose another base.", folder=found.folder
            )
        )
    if not _thinks(model):
        raise _unreadable(found)
    return model.eval()


def context_of(model: PreTrainedModel) -> int:
    """How many tokens the model was made for. Raises BaseUnavailable where its config does not say."""
    config = model.config.get_text_config()
    for name in _CONTEXT_NAMES:
        if isinstance(length := getattr(config, name, None), int):
            return length
    raise BaseUnavailable(say("The base's config.json does not tell its context length: add max_position_embeddings."))


def rows_of(model: PreTrainedModel) -> int:
    """How many token ids the embedding knows."""
    return cast(torch.nn.Embedding, model.get_input_embeddings()).num_embeddings


def set_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, eos: tuple[int, ...]) -> None:
    """Writes the tokenizer's special ids into the configs, so that model and tokenizer never disagree."""
    for config in (model.config.get_text_config(), model.generation_config):
        if config is not None:
            config.bos_token_id, config.pad_token_id = tokenizer.bos_token_id, tokenizer.pad_token_id
            config.eos_token_id = eos[0] if len(eos) == 1 else list(eos)


def stop_tokens(model: PreTrainedModel) -> list[int]:
    """The end-of-sequence ids that the model's own configs name."""
    named: list[int] = []
    for config in (model.generation_config, model.config.get_text_config()):
        ids = getattr(config, "eos_token_id", None)
        named += ids if isinstance(ids, list) else [] if ids is None else [ids]
    return named


def write_weights(model: PreTrainedModel, folder: Path) -> None:
    """Saves the model as safetensors. Raises OSError with the disk's own number when there is no room."""
    try:
        model.save_pretrained(folder)
        # safetensors makes files that only their owner reads; the bot may run as somebody else.
        for file in folder.glob("*.safetensors"):
            file.chmod((folder / "config.json").stat().st_mode)
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(folder)) from error


@contextmanager
def without_bars() -> Iterator[None]:
    """transformers draws progress bars of its own on the terminal; ours are enough."""
    drawn = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            logging.enable_progress_bar()


def _check_kind(found: Found) -> None:
    try:
        config = AutoConfig.from_pretrained(found.folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        sentence = say(
            "{folder} would need code of its own, which is never run: choose another base.", folder=found.folder
        )
        raise BaseUnavailable(sentence) from error
    causal = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(config.model_type)
    named = config.architectures or [causal]
    if causal is None or causal not in named:
        raise BaseUnavailable(
            say(
                "{folder} is no causal language model but {kind}: choose another base.",
                folder=found.folder,
                kind=named[0],
            )
        )
    if getattr(config, "quantization_config", None):
        raise BaseUnavailable(
            say("{folder} is quantised and cannot be trained: take the original weights.", folder=found.folder)
        )


def _load(found: Found) -> tuple[PreTrainedModel, dict[str, Any]]:
    form: dict[str, Any] = {"dtype": "auto", "use_safetensors": found.weights == "safetensors"}
    if found.gguf:
        # Without dequantize=True the model passes for quantised, and can be neither saved nor trained.
        packed = GgufConfig(dequantize=True)
        form = {"dtype": torch.bfloat16, "gguf_file": found.gguf, "quantization_config": packed}
    loaded = AutoModelForCausalLM.from_pretrained(
        found.folder, trust_remote_code=False, local_files_only=True, output_loading_info=True, **form
    )
    return cast(tuple[PreTrainedModel, dict[str, Any]], loaded)  # a pair is what output_loading_info makes of it


@torch.inference_mode()
def _thinks(model: PreTrainedModel) -> bool:
    """Whether a few tokens give finite numbers: broken weights often load without a word."""
    logits = model(input_ids=torch.arange(4).unsqueeze(0)).logits
    return bool(torch.isfinite(logits).all())


def _unreadable(found: Found) -> BaseUnavailable:
    return BaseUnavailable(
        say("The weights in {folder} are damaged: fetch them again.", folder=found.folder / (found.gguf or ""))
    )
