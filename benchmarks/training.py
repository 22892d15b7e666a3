"""Our training loop beside transformers' Trainer with peft, on the same 128-token blocks of the same text.

Owns the comparison and nothing that it compares. All start from the same prepared base with the same LoRA
settings and the same number of sequences a step; each measurement is a process of its own, in turns, and only
whole optimiser steps after the first are timed. The Trainer is measured in bfloat16 and float32.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import child

SENTENCES = (
    "The bus was late again, so we walked along the river and talked about the new library.",
    "Nobody had expected the rain, and the market closed an hour early.",
    "She says the build is green now; the test that failed was waiting for a clock.",
    "If you turn left at the bakery you will see the hill, and behind it the sea.",
    "We could try the older version first and see whether the numbers agree.",
)
BLOCK, ROWS, STEPS = 128, 8, 6
PEERS = ("yamabiko", "transformers bfloat16", "transformers float32")


def run(base: Path, repeats: int) -> list[dict[str, Any]]:
    """Rows of {"what", "who", "tokens_per_second", "peak_memory_mb", "ratio"}.

    Figures are medians over `repeats` processes; the ratio is the speed over that of "transformers bfloat16".
    """
    found: dict[str, list[dict[str, float]]] = {who: [] for who in PEERS}
    for turn in range(repeats):
        for who in reversed(PEERS) if turn % 2 else PEERS:
            found[who].append(child.measure("benchmarks.training", who, str(base.resolve())))
    rows = [_row(who, taken) for who, taken in found.items()]
    plain = next(row for row in rows if row["who"] == "transformers bfloat16")
    return [row | {"ratio": round(row["tokens_per_second"] / plain["tokens_per_second"], 2)} for row in rows]


def _row(who: str, taken: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "what": f"training, {ROWS} × {BLOCK} tokens a step",
        "who": who,
        "tokens_per_second": round(statistics.median(one["tokens_per_second"] for one in taken), 1),
        "peak_memory_mb": round(statistics.median(one["peak_memory_mb"] for one in taken)),
    }


def _blocks(base: Path) -> list[list[int]]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    wanted = BLOCK * ROWS * (STEPS + 1)
    ids: list[int] = []
    while len(ids) < wanted:
        ids += tokenizer.encode(" ".join(SENTENCES) + "\n", add_special_tokens=False)
    return [ids[place : place + BLOCK] for place in range(0, wanted, BLOCK)]


def _ours(base: Path, mark: Callable[[], None]) -> None:
    from dataclasses import replace

    from db.recipe import NOVEL
    from trainer.train.examples import Sample
    from trainer.train.loop import Loop, Saving
    from trainer.train.lora import Weights, add_lora
    from trainer.train.model import load_base
    from trainer.train.plan import Plan

    class Marks:
        def say(self, event: str, **facts: Any) -> None:
            mark()

        def check(self) -> None:
            """Nobody asks for the end."""

    recipe = replace(NOVEL, block=BLOCK, batch=ROWS, epochs=1)
    loaded = load_base(base, BLOCK)
    peft = add_lora(loaded.model, recipe, "base")
    samples = [Sample(tuple(ids), 1) for ids in _blocks(base)]
    weights = Weights(parameter for parameter in peft.parameters() if parameter.requires_grad)
    loop = Loop(loaded.model, weights, recipe, samples, Marks())
    with tempfile.TemporaryDirectory() as scratch:
        plan = Plan(STEPS + 1, BLOCK * ROWS * (STEPS + 1), 1.0, 0.0)
        loop.run(plan, Saving(Path(scratch) / "checkpoint", 3600.0, ""))


def _trainer(base: Path, bf16: bool, mark: Callable[[], None]) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments

    from db.recipe import NOVEL

    class Marks(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            mark()

    model = AutoModelForCausalLM.from_pretrained(base, dtype="bfloat16" if bf16 else "float32")
    config = LoraConfig(
        r=NOVEL.rank,
        lora_alpha=int(NOVEL.alpha),
        lora_dropout=NOVEL.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    rows: Any = [{"input_ids": ids, "labels": ids} for ids in _blocks(base)]
    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            per_device_train_batch_size=ROWS,
            max_steps=STEPS + 1,
            learning_rate=NOVEL.learning_rate,
            bf16=bf16,
            use_cpu=True,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )
        Trainer(get_peft_model(model, config), arguments, train_dataset=rows, callbacks=[Marks()]).train()


def _contest(who: str, base: Path) -> dict[str, float]:
    """Tokens/s over the steps after the first, and the process's peak memory in MiB."""
    times: list[float] = []

    def mark() -> None:
        times.append(time.perf_counter())

    if who == "yamabiko":
        _ours(base, mark)
    else:
        _trainer(base, who.endswith("bfloat16"), mark)
    assert len(times) == STEPS + 1, f"{len(times)} steps"
    return child.figures(BLOCK * ROWS * STEPS / (times[-1] - times[0]))


if __name__ == "__main__":
    print(json.dumps(_contest(sys.argv[1], Path(sys.argv[2]))))
