"""The model, its tokenizer and its adapters, all in one thread's hands.

Owns everything that is a tensor. Synchronous: every call comes from the one model thread. Knows no queue, no
event loop and no persona; adapters get inner names of one width here, for peft finds names by containment.
"""

import gc
import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging

from bot.generation.adapter_folder import read_template
from bot.generation.decoding import Decoding, Limits
from bot.generation.engine import AdapterRefused, EngineUnavailable, Piece, Request, Turn
from bot.generation.prompt import Tokens, fit_chat, fit_text

TEMPLATES = {"chat": "default", "text": "plain"}


@dataclass(frozen=True, slots=True)
class Adapter:
    """Loaded weights by their inner name, and the template they were trained with."""

    name: str
    template: str


class ModelRunner:
    """A prepared base and the adapters on it. `base` is the folder that preparation wrote."""

    def __init__(self, base: Path, threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        logging.disable_progress_bar()
        self._base = base
        self._facts: dict[str, Any] = json.loads((base / "base.json").read_text(encoding="utf-8"))
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # Any: the annotations of tokenizers and peft models are wider than what they return.
        self._tokenizer: Any = AutoTokenizer.from_pretrained(base, local_files_only=True)
        self._model = self._read_model()
        self._layers = linear_layers(self._model)
        self._end_ids = self._collect_end_ids()
        self._peft: Any = None
        self._speaking: str | None = None  # the adapter in use, by its inner name
        self._numbers = count(1)

    def load_adapter(self, folder: Path) -> Adapter:
        """Puts the folder's weights beside the model. Raises AdapterRefused, and then nothing of it stays."""
        template = read_template(folder, self._layers)
        adapter = Adapter(f"a_{next(self._numbers):06d}", template)
        try:
            self._render([Turn(role="user", content="…")], template)
            self._attach(adapter.name, folder)
        except Exception as cause:
            self._drop_half_loaded(adapter.name)
            raise AdapterRefused(f"The adapter in {folder.name} cannot be loaded ({cause}).") from cause
        return adapter

    def unload_adapter(self, adapter: Adapter) -> None:
        """Gives its memory back."""
        self._detach(adapter.name)
        self._free_memory()

    def begin(self, request: Request, adapter: Adapter | None, deadline: float | None) -> Decoding:
        """Renders and trims the prompt. `deadline` is a reading of time.monotonic().

        Raises EngineUnavailable.
        """
        try:
            window = int(self._facts["context"])
            wanted = max(1, request.sampling.max_new_tokens)
            prompt = self._prompt(request, adapter, room=window - min(wanted, window // 2))
            limits = Limits(min(wanted, window - len(prompt)), self._end_ids, deadline)
            return Decoding(self._model, prompt, request.sampling, request.candidates, limits, self._decode)
        except Exception as error:
            raise self._unavailable(error) from error

    def step(self, decoding: Decoding, adapter: Adapter | None) -> list[Piece]:
        """One step with that adapter, or with none, speaking. Raises EngineUnavailable."""
        try:
            name = adapter.name if adapter else None
            if name != self._speaking:
                self._speak_as(name)
            with torch.inference_mode():
                return decoding.step(self._model)
        except Exception as error:
            decoding.close()
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> EngineUnavailable:
        """One sentence about a failed request, after freeing what its frames still held."""
        traceback.clear_frames(error.__traceback__)
        self._free_memory()
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error):
            return EngineUnavailable(
                "There was not enough memory for this reply; ask for a shorter one or fewer candidates."
            )
        return EngineUnavailable(f"The model could not finish this reply ({type(error).__name__}: {error}).")

    def _read_model(self) -> PreTrainedModel:
        stored = getattr(torch, self._facts["dtype"])
        # Attention is scaled-dot-product wherever the architecture has it: transformers' own default.
        model: Any = AutoModelForCausalLM.from_pretrained(
            self._base, dtype=serving_dtype(stored, self._device), local_files_only=True, use_safetensors=True
        )
        return model.to(self._device).eval()

    def _collect_end_ids(self) -> frozenset[int]:
        """What any of base.json, tokenizer and generation config calls an end; they often disagree."""
        generation = self._model.generation_config
        told = generation.eos_token_id if generation is not None else None
        several = told if isinstance(told, list) else [told]
        ids = [*self._facts["eos_token_ids"], self._tokenizer.eos_token_id, *several]
        return frozenset(one for one in ids if one is not None)

    def _prompt(self, request: Request, adapter: Adapter | None, room: int) -> list[int]:
        template = adapter.template if adapter else TEMPLATES[request.shape]
        tokens = Tokens(self._encode, self._decode, lambda turns: self._render(turns, template))
        begin = self._tokenizer.bos_token_id
        if request.shape == "text":
            ids = fit_text(request.turns, room, tokens, begin)
        else:
            ids = fit_chat(request.turns, room, tokens)
        # A model cannot begin from nothing.
        return ids or [begin if begin is not None else min(self._end_ids)]

    def _render(self, turns: Sequence[Turn], template: str) -> list[int]:
        text = self._tokenizer.apply_chat_template(
            list(turns), chat_template=template, tokenize=False, add_generation_prompt=True
        )
        return self._encode(text)

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _decode(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def _attach(self, name: str, folder: Path) -> None:
        device = str(self._device)
        options = {"low_cpu_mem_usage": True, "autocast_adapter_dtype": False, "torch_device": device}
        if self._peft is None:
            self._peft = PeftModel.from_pretrained(self._model, folder, adapter_name=name, **options)
        else:
            self._peft.load_adapter(folder, name, **options)
        if any(weight.is_meta for weight in self._peft.parameters()):
            raise ValueError("some of its weights are missing")
        self._speak_as(None)  # peft activates the first one

    def _detach(self, name: str) -> None:
        if set(self._peft.peft_config) == {name}:
            self._model = self._peft.unload()
            self._peft, self._speaking = None, None
            return
        # Deleting the active one would activate another behind our back.
        self._speak_as(next(other for other in self._peft.peft_config if other != name))
        self._peft.delete_adapter(name)

    def _drop_half_loaded(self, name: str) -> None:
        if self._peft is not None and name in self._peft.peft_config:
            self._detach(name)
        elif self._peft is None and linear_layers(self._model) != self._layers:
            self._model = self._read_model()  # wrapped half way; only the files know the whole

    def _speak_as(self, name: str | None) -> None:
        if self._peft is not None:
            if name is None:
                self._peft.base_model.disable_adapter_layers()
            else:
                self._peft.base_model.enable_adapter_layers()
                self._peft.base_model.set_adapter(name, inference_mode=True)
        self._speaking = name

    def _free_memory(self) -> None:
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def linear_layers(model: PreTrainedModel) -> dict[str, tuple[int, int]]:
    """Name → (inputs, outputs) of the layers that LoRA can stand beside."""
    layers: dict[str, tuple[int, int]] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            layers[name] = (module.in_features, module.out_features)
        elif isinstance(module, Conv1D):
            layers[name] = (module.nx, module.nf)
    return layers


def serving_dtype(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """The stored type, or float32 where this processor only imitates it."""
    if device.type == "cuda" or stored == torch.float32:
        return stored
    supported = stored == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return stored if supported else torch.float32
