"""EmbeddedEngine beside plain transformers generate() and PEFT: same base, same prompts, same greedy tokens.

Owns the measurement: every figure comes from a process of its own, the two take turns, medians are compared.
Knows nothing of how the rows are shown.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child
from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import Piece, Request, Sampling, Turn

QUESTIONS = (
    "Tell me a story about a mountain that answers whoever calls it.",
    "We moved the release to Friday. What should we tell the others, and in what order?",
    "Explain to a new member of the chat how this bot learns the way people speak here. " * 8,
)
NEW_TOKENS = 64
# One core is left to the rest of the machine: a second busy program slows spinning threads a hundredfold.
THREADS = max(1, (os.cpu_count() or 2) - 1)


def run(base: Path, repeats: int) -> list[dict[str, Any]]:
    """Rows of {"what", "who", "tokens_per_second", "first_token_s", "peak_memory_mb", "ratio"}.

    `what` is "base" or "adapter" (rank 16, random). Figures are medians over `repeats` processes; the
    ratio is the speed over that of "transformers".
    """
    with tempfile.TemporaryDirectory() as scratch:
        adapter = Path(scratch) / "adapter"
        _child("prepare", base, adapter)
        rows = []
        for what, folder in (("base", None), ("adapter", adapter)):
            taken: dict[str, list[dict[str, float]]] = {"yamabiko": [], "transformers": []}
            for turn in range(repeats):
                for who in sorted(taken, reverse=bool(turn % 2)):
                    taken[who].append(_child(who, base, folder))
            rows += _compare(what, taken)
    return rows


def _compare(what: str, taken: dict[str, list[dict[str, float]]]) -> list[dict[str, Any]]:
    rows = []
    for who, figures in taken.items():
        middle = {name: median(one[name] for one in figures) for name in figures[0]}
        rows.append({"what": what, "who": who} | middle)
    plain = next(row for row in rows if row["who"] == "transformers")
    return [row | {"ratio": row["tokens_per_second"] / plain["tokens_per_second"]} for row in rows]


def _child(who: str, base: Path, adapter: Path | None) -> dict[str, float]:
    return child.measure("benchmarks.generation", who, str(base.resolve()), str(adapter or ""), threads=THREADS)


def prepare(base: Path, adapter: Path) -> dict[str, float]:
    """Writes a random rank-16 adapter for the base."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(base)
    lora: Any = LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights="gaussian")
    get_peft_model(model, lora).save_pretrained(adapter)
    template = AutoTokenizer.from_pretrained(base).get_chat_template("default")
    (adapter / "chat_template.jinja").write_text(template, encoding="utf-8")
    return {}


def yamabiko(base: Path, adapter: Path | None) -> dict[str, float]:
    """Our engine answers every question; the first answer warms up and is not counted."""
    return asyncio.run(_ask_engine(base, adapter))


async def _ask_engine(base: Path, adapter: Path | None) -> dict[str, float]:
    engine = EmbeddedEngine(base, threads=THREADS)
    if adapter is not None:
        await engine.load_adapter("random", adapter)
    sampling = Sampling(temperature=0, max_new_tokens=NEW_TOKENS)
    answers = []
    for question in (QUESTIONS[0], *QUESTIONS):
        turns: list[Turn] = [{"role": "user", "content": question}]
        asked, first, tokens = time.perf_counter(), 0.0, 0
        async for news in engine.generate(Request(turns, "random" if adapter else None, sampling)):
            first = first or time.perf_counter() - asked
            if isinstance(news, Piece) and news.finish:
                tokens = news.finish.completion_tokens
        answers.append((tokens, first, time.perf_counter() - asked))
    await engine.aclose()
    return _figures(answers[1:])


def transformers(base: Path, adapter: Path | None) -> dict[str, float]:
    """The same from generate(), as its documentation shows it."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer, TextStreamer

    class FirstToken(TextStreamer):
        """Notes when the first text comes, decoding as a chat would."""

        at = 0.0

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            if text:
                self.at = self.at or time.perf_counter()

    torch.set_num_threads(THREADS)
    dtype = getattr(torch, json.loads((base / "base.json").read_text(encoding="utf-8"))["dtype"])
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=dtype).eval()
    if torch.cuda.is_available():
        model = model.to("cuda")
    if adapter is not None:
        model = PeftModel.from_pretrained(model, str(adapter))
    answers = []
    for question in (QUESTIONS[0], *QUESTIONS):
        asked = time.perf_counter()
        text = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
        )
        inputs = tokenizer(text, add_special_tokens=False, return_tensors="pt").to(model.device)
        streamer = FirstToken(tokenizer, skip_prompt=True, skip_special_tokens=True)
        out = model.generate(**inputs, do_sample=False, max_new_tokens=NEW_TOKENS, streamer=streamer)
        tokens = out.shape[1] - inputs["input_ids"].shape[1]
        answers.append((tokens, streamer.at - asked, time.perf_counter() - asked))
    return _figures(answers[1:])


def _figures(answers: list[tuple[int, float, float]]) -> dict[str, float]:
    """From (tokens, seconds to the first text, seconds in all) of each answer."""
    speed = sum(tokens for tokens, _, _ in answers) / sum(total for _, _, total in answers)
    return child.figures(speed) | {"first_token_s": median(first for _, first, _ in answers)}


if __name__ == "__main__":
    who, base, adapter = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3] else None
    jobs: dict[str, Any] = {"prepare": prepare, "yamabiko": yamabiko, "transformers": transformers}
    print(json.dumps(jobs[who](base, adapter)))
