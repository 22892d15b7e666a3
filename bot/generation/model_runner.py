"""The model, its tokenizer and those who speak with it, all in one thread's hands.

Owns what is computed at each step and for whom. Synchronous: every call comes from the one model thread. Knows
no queue, no event loop and no persona.
"""

import gc
import json
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from bot.generation.adapter_folder import Adapter
from bot.generation.batch import Batch, Model, News, Past, say
from bot.generation.decoding import Decoding, Limits, Row
from bot.generation.engine import AdapterRefused, EngineUnavailable, Request, Turn
from bot.generation.packed import pack
from bot.generation.prompt import Tokens, fit_chat, fit_text
from db import words

TEMPLATES = {"chat": "default", "text": "plain"}
# Prompt tokens a step: reading must neither take all memory, nor delay a cancellation, nor stop others in the
# middle of a word.
READ_ALONE, READ_BESIDE_OTHERS = 512, 128


class ModelRunner:
    """A prepared base and those who speak with it. `base` is the folder that preparation wrote."""

    def __init__(self, base: Path, threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        logging.disable_progress_bar()
        self._base = base
        self._facts: dict[str, Any] = json.loads((base / "base.json").read_text(encoding="utf-8"))
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # Any: the annotations of tokenizers are wider than what they return.
        self._tokenizer: Any = AutoTokenizer.from_pretrained(base, local_files_only=True)
        model = self._read_model()
        self._end_ids = self._collect_end_ids(model)
        self._model = Model(model)
        self._prompts: dict[Decoding, Past] = {}  # being read
        self._batches: list[Batch] = []  # one, unless the base's rows cannot share a past

    @property
    def shapes(self) -> Mapping[str, tuple[int, int]]:
        """Name → (inputs, outputs) of the layers an adapter may stand beside: what `read_adapter` wants to know."""
        return self._model.adapters.shapes

    def check_template(self, adapter: Adapter, name: str) -> None:
        """Raises AdapterRefused when the template of the adapter in the folder `name` cannot render a turn."""
        try:
            self._render([Turn(role="user", content="…")], adapter.template)
        except Exception as cause:
            reason = words.later(
                "The adapter in {name} has a chat template that does not render ({cause}); train it again.",
                name=name,
                cause=str(cause),
            )
            raise AdapterRefused(reason) from cause

    def unload_adapter(self, adapter: Adapter) -> None:
        """Nobody speaks with it any more: its memory is free."""
        self._model.adapters.forget(adapter)

    def begin(self, request: Request, adapter: Adapter | None, deadline: float | None) -> Decoding:
        """Renders and trims the prompt. `deadline` is a reading of time.monotonic().

        Raises EngineUnavailable.
        """
        try:
            window = int(self._facts["context"])
            wanted = max(1, request.sampling.max_new_tokens)
            prompt = self._prompt(request, adapter, room=window - min(wanted, window // 2))
            limits = Limits(min(wanted, window - len(prompt)), self._end_ids, deadline)
            return Decoding(prompt, request.sampling, request.candidates, adapter, limits, self._decode)
        except Exception as error:
            raise self._unavailable(error) from error

    @torch.inference_mode()
    def step(self, running: Sequence[Decoding]) -> list[News]:
        """One token for everyone who speaks, and some more of the prompts; who is not named is let go.

        A failure is news for those it befell, and nobody else's.
        """
        news = [(late, piece) for late in running if late.limits.passed() for piece in late.lapse()]
        self._keep(running)
        news += self._gather([one for one in running if not one.done])
        for batch in list(self._batches):
            news += self._guarded(batch.speak, batch.decodings)
        news += self._read([one for one in running if not one.done])
        self._keep(running)
        return news

    def _keep(self, running: Sequence[Decoding]) -> None:
        going_on = [decoding for decoding in running if not decoding.done]
        self._prompts = {one: past for one, past in self._prompts.items() if one in going_on}
        self._batches = [batch for batch in self._batches if batch.keep(going_on)]

    def _gather(self, running: Sequence[Decoding]) -> list[News]:
        """Lays the adapters out; where that fails, those who only come are refused, and the others go on."""
        try:
            self._model.adapters.gather(one.adapter for one in running if one.adapter is not None)
            return []
        except Exception as error:
            newcomers = [one for one in running if one.adapter is not None and not one.read]
            news = self._failed(error, newcomers)
            staying = [one for one in running if not one.done]
            self._model.adapters.gather(one.adapter for one in staying if one.adapter is not None)
            return news

    def _read(self, running: Sequence[Decoding]) -> list[News]:
        """Some of the prompts, the oldest first: several short ones in one pass, or a part of a long one."""
        unread = [decoding for decoding in running if not decoding.rows]
        if not unread:
            return []
        most = READ_BESIDE_OTHERS if self._batches else READ_ALONE
        group = self._short_ones(unread, most) or unread[:1]
        return self._guarded(lambda: self._read_some(group, most), group)

    def _short_ones(self, unread: Sequence[Decoding], most: int) -> list[Decoding]:
        """The first in line as far as their prompts, as long as the longest, fit into one pass together."""
        group: list[Decoding] = []
        longest = 0
        for decoding in unread:
            longest = max(longest, len(decoding.prompt))
            if not self._model.shares or decoding.read or longest * (len(group) + 1) > most:
                break
            group.append(decoding)
        return group

    def _read_some(self, group: Sequence[Decoding], most: int) -> list[News]:
        first = group[0]
        parts = [one.prompt[one.read : one.read + most] for one in group]
        longest = max(map(len, parts))
        past = self._prompts.pop(first, None) or self._model.empty_past([len(part) for part in parts])
        self._model.adapters.choose([one.adapter for one in group])
        # What fills the shorter ones up in front is hidden by the mask, whatever it is.
        scores = self._model.scores([[part[0]] * (longest - len(part)) + [*part] for part in parts], past)
        for decoding, part in zip(group, parts, strict=True):
            decoding.read += len(part)
        if first.read < len(first.prompt):
            self._prompts[first] = past
            return []
        rows = [row for decoding in group for row in decoding.begin()]
        sources = [at for at, decoding in enumerate(group) for _ in range(decoding.candidates)]
        news = say(rows, scores[sources])
        going_on = [at for at, row in enumerate(rows) if row in row.decoding.rows]
        if going_on:
            self._let_speak(past, [rows[at] for at in going_on], [sources[at] for at in going_on])
        return news

    def _let_speak(self, past: Past, rows: Sequence[Row], sources: list[int]) -> None:
        if self._batches and self._model.shares:
            self._batches[0].join(past, rows, sources)
        else:
            self._batches.append(Batch(self._model, past, rows, sources))

    def _guarded(self, work: Callable[[], list[News]], whose: Collection[Decoding]) -> list[News]:
        try:
            return work()
        except Exception as error:
            return self._failed(error, whose)

    def _failed(self, error: Exception, whose: Collection[Decoding]) -> list[News]:
        unavailable = self._unavailable(error)
        unavailable.__cause__ = error
        failed = [decoding for decoding in whose if not decoding.done]
        for decoding in failed:
            decoding.give_up()
        return [(decoding, unavailable) for decoding in failed]

    def _unavailable(self, error: Exception) -> EngineUnavailable:
        """One sentence about a failed request, after freeing what its frames still held."""
        traceback.clear_frames(error.__traceback__)
        self._free_memory()
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error):
            return EngineUnavailable(
                words.later("There was not enough memory for this reply; ask for a shorter one or fewer candidates.")
            )
        return EngineUnavailable(
            words.later(
                "The model could not finish this reply ({kind}: {error}).", kind=type(error).__name__, error=str(error)
            )
        )

    def _read_model(self) -> PreTrainedModel:
        stored = getattr(torch, self._facts["dtype"])
        # Attention is scaled-dot-product wherever the architecture has it: transformers' own default.
        model: Any = AutoModelForCausalLM.from_pretrained(
            self._base, dtype=serving_dtype(stored, self._device), local_files_only=True, use_safetensors=True
        )
        model = model.to(self._device).eval()
        pack(model)
        return model

    def _collect_end_ids(self, model: PreTrainedModel) -> frozenset[int]:
        """What any of base.json, tokenizer and generation config calls an end; they often disagree."""
        generation = model.generation_config
        told = generation.eos_token_id if generation is not None else None
        several = told if isinstance(told, list) else [told]
        ids = [*self._facts["eos_token_ids"], self._tokenizer.eos_token_id, *several]
        return frozenset(one for one in ids if one is not None)

    def _prompt(self, request: Request, adapter: Adapter | None, room: int) -> list[int]:
        template = adapter.template if adapter and not request.plain else TEMPLATES[request.shape]
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

    def _free_memory(self) -> None:
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def serving_dtype(stored: torch.dtype, device: torch.device) -> torch.dtype:
    """The stored type, or float32 where this processor only imitates it."""
    if device.type == "cuda" or stored == torch.float32:
        return stored
    supported = stored == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return stored if supported else torch.float32
