"""The embedded engine on tiny models: what it says, beside transformers' own generate()."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bot.generation.batch import Model
from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import EngineUnavailable, Request, Sampling, Turn
from bot.generation.text_stream import UNFINISHED
from tests.fakes.adapters import random_adapter
from tests.fakes.models import tiny_prepared
from tests.fakes.speaking import GREEDY, collect, generated, lively, say

HELLO: list[Turn] = [{"role": "user", "content": "Good morning everyone!"}]
ECHO = "山彦🏔️は👩‍👩‍👧と「おはよう」と言った。𠮷野家 café ñ 🎌🗻"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lively(tiny_prepared(tmp_path_factory.mktemp("bases") / "tiny"))


@pytest.fixture(scope="module")
def adapters(base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("adapters")
    # The second has another rank and other targets than the first, and a template of its own.
    shouting = "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}"
    return [
        random_adapter(base, folder / "one", seed=1),
        random_adapter(base, folder / "two", 2, shouting, r=2, target_modules=["q_proj", "down_proj"]),
    ]


@pytest.fixture
async def engine(base: Path) -> AsyncIterator[EmbeddedEngine]:
    made = EmbeddedEngine(base, threads=1)
    yield made
    await made.aclose()


@pytest.mark.parametrize("kind", ["llama", "gpt2", "rinna", "colorfulscoop"])
@pytest.mark.parametrize("shape", ["chat", "text"])
async def test_greedy_text_is_what_transformers_generates(tmp_path: Path, kind: Any, shape: Any):
    base = lively(tiny_prepared(tmp_path / "base", kind))
    engine = EmbeddedEngine(base, threads=1)
    turns: list[Turn] = [{"role": "user", "content": "メロスは激怒した。Good morning 123"}]
    said = await say(engine, Request(turns, sampling=GREEDY, shape=shape))
    await engine.aclose()
    assert said == generated(base, turns, {"chat": "default", "text": "plain"}[shape])
    assert len(set(said)) > 5


async def test_plain_completion_passes_an_adapters_own_template_by(
    engine: EmbeddedEngine, base: Path, adapters: list[Path]
):
    await engine.load_adapter("two", adapters[1])
    said = await say(engine, Request(HELLO, adapter="two", shape="text", plain=True, sampling=GREEDY))
    assert said == generated(base, HELLO, "plain", adapters[1])
    assert said != await say(engine, Request(HELLO, adapter="two", shape="text", sampling=GREEDY))


async def test_a_repetition_penalty_is_the_one_of_transformers(engine: EmbeddedEngine, base: Path):
    sampling = Sampling(temperature=0, max_new_tokens=24, repetition_penalty=0.5)
    said = await say(engine, Request(HELLO, sampling=sampling))
    assert said == generated(base, HELLO, "default", repetition_penalty=0.5)
    assert said != generated(base, HELLO, "default")


async def test_each_adapter_speaks_as_peft_makes_it_speak_and_they_never_mix(
    engine: EmbeddedEngine, base: Path, adapters: list[Path]
):
    expected = {None: generated(base, HELLO, "default")}
    for number, folder in enumerate(adapters):
        name = f"v{number}"
        template = (folder / "chat_template.jinja").read_text(encoding="utf-8")
        expected[name] = generated(base, HELLO, template, folder)
        await engine.load_adapter(name, folder)
    assert len(set(expected.values())) == 3
    for name in (None, "v0", "v1", "v0", None, "v1"):
        assert await say(engine, Request(HELLO, adapter=name, sampling=GREEDY)) == expected[name]
    await engine.unload_adapter("v0")
    for name in ("v1", None):
        assert await say(engine, Request(HELLO, adapter=name, sampling=GREEDY)) == expected[name]
    await engine.unload_adapter("v1")
    assert await say(engine, Request(HELLO, sampling=GREEDY)) == expected[None]
    await engine.load_adapter("v0", adapters[0])
    assert await say(engine, Request(HELLO, adapter="v0", sampling=GREEDY)) == expected["v0"]


async def test_adapters_come_and_go_in_the_middle_of_a_reply_without_changing_it(
    engine: EmbeddedEngine, base: Path, adapters: list[Path]
):
    sampling = Sampling(temperature=0, max_new_tokens=200)
    await engine.load_adapter("v0", adapters[0])
    alone = {name: await say(engine, Request(HELLO, name, sampling)) for name in (None, "v0")}
    await engine.unload_adapter("v0")
    speaking = asyncio.create_task(say(engine, Request(HELLO, None, sampling)))
    await engine.load_adapter("v0", adapters[0])
    assert not speaking.done()
    assert await speaking == alone[None]
    speaking = asyncio.create_task(say(engine, Request(HELLO, "v0", sampling)))
    await asyncio.sleep(0.02)
    await engine.load_adapter("v1", adapters[1])
    await engine.unload_adapter("v1")
    assert not speaking.done()
    assert await speaking == alone["v0"]


async def test_candidates_with_a_seed_come_again_and_differ_from_one_another(engine: EmbeddedEngine):
    async def candidates(seed: int) -> list[str]:
        request = Request(HELLO, sampling=Sampling(seed=seed, max_new_tokens=16), candidates=3)
        pieces = await collect(engine, request)
        return ["".join(piece.text for piece in pieces if piece.candidate == n) for n in range(3)]

    first = await candidates(7)
    assert first == await candidates(7)
    assert len(set(first)) == 3
    assert first != await candidates(8)


async def test_a_long_prompt_is_read_in_parts_and_trimmed_to_the_window(engine: EmbeddedEngine):
    talk: list[Turn] = [{"role": "system", "content": "Be kind."}]
    for _ in range(60):
        talk += [
            {"role": "user", "content": "And then? " * 5},
            {"role": "assistant", "content": "Then, rain."},
        ]
    pieces = await collect(engine, Request([*talk, *HELLO], sampling=GREEDY))
    end = pieces[-1].finish
    assert end is not None
    assert 400 < end.prompt_tokens <= 512 - 24
    huge: list[Turn] = [{"role": "user", "content": "あ" * 5000}]
    for shape in ("chat", "text"):
        sampling = Sampling(temperature=0, max_new_tokens=10_000, stop=("never",))
        end = (await collect(engine, Request(huge, sampling=sampling, shape=shape)))[-1].finish
        assert end is not None
        assert 250 < end.prompt_tokens <= 256
        assert end.prompt_tokens + end.completion_tokens <= 512


async def test_reading_the_prompt_in_parts_changes_nothing(
    engine: EmbeddedEngine, base: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.generation.model_runner.READ_ALONE", 5)
    assert await say(engine, Request(HELLO, sampling=GREEDY)) == generated(base, HELLO, "default")


@pytest.fixture(scope="module")
def echoing(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that has learned one text of many bytes by heart."""
    folder = tmp_path_factory.mktemp("bases") / "echoing"
    shutil.copytree(base, folder)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    prompt = tokenizer.apply_chat_template(HELLO, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(prompt + ECHO + tokenizer.eos_token, add_special_tokens=False, return_tensors="pt")
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(120):
        model(input_ids=ids["input_ids"], labels=ids["input_ids"]).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    return folder


async def test_japanese_and_emoji_arrive_whole_in_pieces_that_join_to_the_text(echoing: Path):
    engine = EmbeddedEngine(echoing, threads=1)
    pieces = await collect(engine, Request(HELLO, sampling=Sampling(temperature=0, max_new_tokens=200)))
    assert "".join(piece.text for piece in pieces) == ECHO
    assert not any(UNFINISHED in piece.text for piece in pieces)
    assert len(pieces) > 10
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.reason == "stop"
    assert pieces[-1].finish.completion_tokens > len(pieces)
    stopped = Sampling(temperature=0, max_new_tokens=200, stop=("」と言", "never"))
    assert await say(engine, Request(HELLO, sampling=stopped)) == ECHO.split("」と言")[0]
    await engine.aclose()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (torch.OutOfMemoryError("too much"), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not enough memory"),
        (ZeroDivisionError("strange"), "ZeroDivisionError: strange"),
    ],
)
async def test_a_failed_request_is_told_why_and_the_next_one_is_served(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
):
    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Model, "scores", fail)
        with pytest.raises(EngineUnavailable, match=sentence) as caught:
            await collect(engine, Request(HELLO, sampling=GREEDY))
    assert caught.value.__cause__ is error
    assert (await collect(engine, Request(HELLO, sampling=GREEDY)))[-1].finish


async def test_a_base_that_does_not_load_says_so_to_each_request_and_may_be_started_again(base: Path, tmp_path: Path):
    folder = tmp_path / "broken"
    shutil.copytree(base, folder)
    (folder / "model.safetensors").rename(folder / "elsewhere")
    engine = EmbeddedEngine(folder, threads=1)
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="base in broken could not be loaded"):
            await collect(engine, Request(HELLO))
    (folder / "elsewhere").rename(folder / "model.safetensors")
    await engine.start()
    assert (await collect(engine, Request(HELLO, sampling=GREEDY)))[-1].finish
    await engine.aclose()


async def test_a_deadline_passes_while_the_model_is_loading(base: Path):
    engine = EmbeddedEngine(base, threads=1)
    pieces = await collect(engine, Request(HELLO, deadline_s=0.0001))
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.reason == "deadline"
    await engine.aclose()


async def test_the_event_loop_goes_on_while_the_model_loads_and_speaks(engine: EmbeddedEngine):
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.001)
            beats += 1

    heart = asyncio.create_task(beat())
    pieces = await collect(engine, Request(HELLO, sampling=Sampling(temperature=0, max_new_tokens=100)))
    heart.cancel()
    assert beats > len(pieces)
