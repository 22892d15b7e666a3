"""Listening to an engine, and what transformers and peft themselves would say in its place.

Owns the comparison that the engine's tests make. Knows no queue.
"""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.generation.engine import Engine, Piece, Request, Sampling, Turn
from bot.generation.text_stream import UNFINISHED

GREEDY = Sampling(temperature=0, max_new_tokens=24)


def lively(base: Path) -> Path:
    """Louder weights: as they come, tiny models say one token for ever, and any two texts would be equal."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and "lm_head" not in name:
                torch.nn.init.normal_(weight, std=0.2)
        model.save_pretrained(base)
    return base


async def collect(engine: Engine, request: Request) -> list[Piece]:
    return [news async for news in engine.generate(request) if isinstance(news, Piece)]


async def say(engine: Engine, request: Request, candidate: int = 0) -> str:
    return "".join(piece.text for piece in await collect(engine, request) if piece.candidate == candidate)


def generated(base: Path, turns: list[Turn], template: str, adapter: Path | None = None, **how: Any) -> str:
    """The same from transformers' and peft's own functions, in one greedy call."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if adapter is not None:
        model.load_adapter(str(adapter))
    text = tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False, add_generation_prompt=True)
    prompt = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    ends = json.loads((base / "base.json").read_text(encoding="utf-8"))["eos_token_ids"]
    out = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=False,
        eos_token_id=ends,
        pad_token_id=ends[0],
        max_new_tokens=GREEDY.max_new_tokens,
        **how,
    )
    new = out[0, prompt.shape[1] :].tolist()
    whole = tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return whole.rstrip(UNFINISHED)
