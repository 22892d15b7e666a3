"""Eight people at once over four adapters: our engine beside PEFT's two ways, and what waiting and length cost.

Owns the measurement: every figure comes from a process of its own, they take turns, medians are compared. Every
request is answered with the same number of greedy tokens. Knows nothing of how the rows are shown.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import child
from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import Piece, Request, Sampling, Turn

PEOPLE, ADAPTERS, NEW_TOKENS, RANK = 8, 4, 64, 16
QUESTION = (
    "Person {n} asks: what should we tell the others about the boat, the weather and the nets, and in what order?"
)
GREEDY = Sampling(temperature=0, max_new_tokens=NEW_TOKENS)
WAITING, PROMPT = 32, 512


def run(base: Path, repeats: int) -> list[dict[str, Any]]:
    """Rows of {"what", "who", figures, "ratio"}: ours over the peer's, or with the crowd over without."""
    with tempfile.TemporaryDirectory() as scratch:
        measure("prepare", base, scratch)
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in JOBS if name != "prepare"}
        for turn in range(repeats):
            for name in sorted(taken, reverse=bool(turn % 2)):
                taken[name].append(measure(name, base, scratch))
    middle = {
        name: {figure: median(one[figure] for one in several) for figure in several[0]}
        for name, several in taken.items()
    }
    return _rows(middle)


def measure(who: str, base: Path, scratch: str) -> dict[str, float]:
    return child.measure("benchmarks.together", who, str(base.resolve()), scratch)


def _rows(middle: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    ours = middle["yamabiko"]["tokens_per_second"]
    crowd, alone = middle["waiting"], middle["nobody_waits"]
    together = f"{PEOPLE} requests, {ADAPTERS} adapters"
    prompt = f"prompt of {PROMPT} tokens"
    return [
        {"what": together, "who": "yamabiko", "ratio": ours / middle["peft_names"]["tokens_per_second"]}
        | middle["yamabiko"],
        {"what": together, "who": "PEFT adapter_names", "ratio": 1.0} | middle["peft_names"],
        {"what": together, "who": "PEFT set_adapter", "ratio": None} | middle["peft_in_turn"],
        {"what": prompt, "who": "yamabiko"}
        | {"ratio": middle["peft_prompt"]["first_token_s"] / middle["our_prompt"]["first_token_s"]}
        | middle["our_prompt"],
        {"what": prompt, "who": "PEFT generate", "ratio": 1.0} | middle["peft_prompt"],
        {"what": f"a step, {WAITING} waiting", "who": "yamabiko", "ratio": crowd["step_s"] / alone["step_s"]} | crowd,
        {"what": "a step, nobody waiting", "who": "yamabiko", "ratio": 1.0} | alone,
    ]


def prepare(base: Path, scratch: Path) -> dict[str, float]:
    """Writes the adapters: random, and with an effect."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    template = AutoTokenizer.from_pretrained(base).get_chat_template("default")
    for number in range(ADAPTERS):
        torch.manual_seed(number)
        model: Any = AutoModelForCausalLM.from_pretrained(base)
        lora: Any = LoraConfig(r=RANK, target_modules="all-linear", task_type="CAUSAL_LM")
        tuned: Any = get_peft_model(model, lora)
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.002)
        tuned.save_pretrained(str(scratch / f"v{number}"))
        (scratch / f"v{number}" / "chat_template.jinja").write_text(template, encoding="utf-8")
    return {}


def questions() -> list[list[Turn]]:
    return [[{"role": "user", "content": QUESTION.format(n=n)}] for n in range(PEOPLE)]


async def opened(base: Path, scratch: Path) -> EmbeddedEngine:
    engine = EmbeddedEngine(base, max_rows=PEOPLE)
    for number in range(ADAPTERS):
        await engine.load_adapter(f"v{number}", scratch / f"v{number}")
    return engine


async def ask(engine: EmbeddedEngine, turns: list[Turn], adapter: str, how: Sampling = GREEDY) -> list[Piece]:
    return [news async for news in engine.generate(Request(turns, adapter, how)) if isinstance(news, Piece)]


def yamabiko(base: Path, scratch: Path) -> dict[str, float]:
    async def go() -> dict[str, float]:
        engine = await opened(base, scratch)
        await ask(engine, questions()[0], "v0")  # warms up
        began = time.perf_counter()
        answers = await asyncio.gather(*(ask(engine, q, f"v{n % ADAPTERS}") for n, q in enumerate(questions())))
        took = time.perf_counter() - began
        await engine.aclose()
        spoken = sum(piece.finish.completion_tokens for answer in answers for piece in answer if piece.finish)
        return child.figures(spoken / took)

    return asyncio.run(go())


def our_prompt(base: Path, scratch: Path) -> dict[str, float]:
    async def go() -> dict[str, float]:
        engine = await opened(base, scratch)
        finishes = []
        for _ in range(6):
            pieces = await ask(engine, long_prompt(base), "v0", Sampling(temperature=0, max_new_tokens=1))
            finishes += [piece.finish for piece in pieces if piece.finish]
        await engine.aclose()
        return {"first_token_s": median(finish.first_token_s for finish in finishes[1:])}

    return asyncio.run(go())


def waiting(base: Path, scratch: Path, crowd: int = WAITING) -> dict[str, float]:
    """Seconds between two tokens of one who speaks, while so many stand in line."""

    async def go() -> dict[str, float]:
        engine = await opened(base, scratch)
        everyone = [asyncio.create_task(ask(engine, q, f"v{n % ADAPTERS}")) for n, q in enumerate(questions()[1:])]
        speaker = asyncio.create_task(steps(engine))
        await asyncio.sleep(0)
        line = [asyncio.create_task(ask(engine, questions()[0], "v1")) for _ in range(crowd)]
        times = await speaker
        for task in (*everyone, *line):
            task.cancel()
        await asyncio.gather(*everyone, *line, return_exceptions=True)
        await engine.aclose()
        # The first ones fall among the others' prompts, the last ones among their ends.
        return {"step_s": median(times[8:48])}

    return asyncio.run(go())


async def steps(engine: EmbeddedEngine) -> list[float]:
    at = []
    async for news in engine.generate(Request(questions()[0], "v0", GREEDY)):
        if isinstance(news, Piece):
            at.append(time.perf_counter())
    return [later - earlier for earlier, later in pairwise(at)]


def nobody_waits(base: Path, scratch: Path) -> dict[str, float]:
    return waiting(base, scratch, crowd=0)


def long_prompt(base: Path) -> list[Turn]:
    """A question that the template makes about `PROMPT` tokens of."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    ids = tokenizer.encode("The boat came back before the storm and everybody was on the pier. " * 60)
    return [{"role": "user", "content": tokenizer.decode(ids[: PROMPT - 40])}]


def _peft(base: Path, scratch: Path) -> tuple[Any, Any]:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = getattr(torch, json.loads((base / "base.json").read_text(encoding="utf-8"))["dtype"])
    tokenizer: Any = AutoTokenizer.from_pretrained(base, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=dtype).eval()
    model = PeftModel.from_pretrained(
        model.to("cuda" if torch.cuda.is_available() else "cpu"), str(scratch / "v0"), adapter_name="v0"
    )
    for number in range(1, ADAPTERS):
        model.load_adapter(str(scratch / f"v{number}"), f"v{number}")
    return model.eval(), tokenizer


def _generate(model: Any, tokenizer: Any, several: list[list[Turn]], tokens: int, **options: Any) -> int:
    """How many tokens were spoken, those after an end not counted."""
    texts = [tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True) for turns in several]
    inputs = tokenizer(texts, add_special_tokens=False, return_tensors="pt", padding=True).to(model.device)
    out = model.generate(**inputs, do_sample=False, max_new_tokens=tokens, **options)
    new = out[:, inputs["input_ids"].shape[1] :]
    ends = (new == tokenizer.eos_token_id).long().cumsum(dim=1) - (new == tokenizer.eos_token_id).long()
    return int((ends == 0).sum())


def peft_names(base: Path, scratch: Path) -> dict[str, float]:
    """One batch, each row naming its adapter: PEFT's own way of mixing."""
    model, tokenizer = _peft(base, scratch)
    _generate(model, tokenizer, questions()[:1], 8, adapter_names=["v0"])
    began = time.perf_counter()
    names = [f"v{n % ADAPTERS}" for n in range(PEOPLE)]
    spoken = _generate(model, tokenizer, questions(), NEW_TOKENS, adapter_names=names)
    return child.figures(spoken / (time.perf_counter() - began))


def peft_in_turn(base: Path, scratch: Path) -> dict[str, float]:
    """One adapter after the other, those who share it in one batch."""
    model, tokenizer = _peft(base, scratch)
    _generate(model, tokenizer, questions()[:1], 8)
    began, spoken = time.perf_counter(), 0
    for number in range(ADAPTERS):
        model.set_adapter(f"v{number}")
        spoken += _generate(model, tokenizer, questions()[number::ADAPTERS], NEW_TOKENS)
    return child.figures(spoken / (time.perf_counter() - began))


def peft_prompt(base: Path, scratch: Path) -> dict[str, float]:
    model, tokenizer = _peft(base, scratch)
    model.set_adapter("v0")
    times = []
    for _ in range(6):
        began = time.perf_counter()
        _generate(model, tokenizer, [long_prompt(base)], 1)
        times.append(time.perf_counter() - began)
    return {"first_token_s": median(times[1:])}


JOBS: dict[str, Callable[[Path, Path], dict[str, float]]] = {
    "prepare": prepare, "yamabiko": yamabiko, "peft_names": peft_names, "peft_in_turn": peft_in_turn,
    "our_prompt": our_prompt, "peft_prompt": peft_prompt, "waiting": waiting, "nobody_waits": nobody_waits,
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))))
