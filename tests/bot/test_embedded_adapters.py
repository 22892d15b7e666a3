"""Adapters that must not be loaded: each is refused with one sentence, and the engine stays as it was."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import AdapterRefused, EngineUnavailable, Piece, Request, Sampling, Turn
from bot.generation.lora import LoraLinear
from tests.fakes.adapters import random_adapter
from tests.fakes.models import tiny_prepared

HELLO: list[Turn] = [{"role": "user", "content": "Good morning everyone!"}]
GREEDY = Sampling(temperature=0, max_new_tokens=12)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prepared(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Path:
    return random_adapter(base, tmp_path / "sound", seed=1)


@pytest.fixture
async def engine(base: Path) -> AsyncIterator[EmbeddedEngine]:
    made = EmbeddedEngine(base, threads=1)
    yield made
    await made.aclose()


async def say(engine: EmbeddedEngine, adapter: str | None = None) -> str:
    request = Request(HELLO, adapter=adapter, sampling=GREEDY)
    return "".join([news.text async for news in engine.generate(request) if isinstance(news, Piece)])


def configure(folder: Path, **changes: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_weights(folder: Path, change: str) -> None:
    path = folder / "adapter_model.safetensors"
    weights = load_file(path)
    name = next(name for name in weights if "q_proj.lora_A" in name)
    if change == "missing":
        del weights[name]
    elif change == "shape":
        weights[name] = torch.ones(4, 32)
    elif change == "place":
        weights[name.replace("layers.0", "layers.99")] = weights.pop(name)
    elif change == "rank":
        weights[name] = torch.ones(3, 64)
    elif change == "nan":
        weights[name] = weights[name] * float("nan")
    save_file(weights, path)


BREAKAGES = {
    "no config": lambda folder: (folder / "adapter_config.json").unlink(),
    "no weights": lambda folder: (folder / "adapter_model.safetensors").unlink(),
    "no template": lambda folder: (folder / "chat_template.jinja").unlink(),
    "config is no JSON": lambda folder: (folder / "adapter_config.json").write_text("{"),
    "config is a list": lambda folder: (folder / "adapter_config.json").write_text("[]"),
    "cut file": lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{"),
    "broken template": lambda folder: (folder / "chat_template.jinja").write_text("{% for %}"),
    "template is no text": lambda folder: (folder / "chat_template.jinja").write_bytes(b"\xff\xfe\xff"),
    "another method": lambda folder: configure(folder, peft_type="LOHA"),
    "DoRA": lambda folder: configure(folder, use_dora=True),
    "whole modules": lambda folder: configure(folder, modules_to_save=["lm_head"]),
    "biases": lambda folder: configure(folder, bias="all"),
    "other targets": lambda folder: configure(folder, target_modules=["nowhere"]),
    "more targets than weights": lambda folder: change_weights(folder, "missing"),
    "wrong shape": lambda folder: change_weights(folder, "shape"),
    "wrong place": lambda folder: change_weights(folder, "place"),
    "wrong rank": lambda folder: change_weights(folder, "rank"),
    "not numbers": lambda folder: change_weights(folder, "nan"),
}


@pytest.mark.parametrize("beside", ["alone", "beside another"])
@pytest.mark.parametrize("breakage", BREAKAGES)
async def test_a_broken_adapter_is_refused_and_nothing_of_it_stays(
    engine: EmbeddedEngine, base: Path, adapter: Path, tmp_path: Path, breakage: str, beside: str
):
    before = {None: await say(engine)}
    if beside != "alone":
        await engine.load_adapter("sound", adapter)
        before["sound"] = await say(engine, "sound")
    broken = random_adapter(base, tmp_path / "broken", seed=2)
    BREAKAGES[breakage](broken)
    with pytest.raises(AdapterRefused, match="broken") as refused:
        await engine.load_adapter("broken", broken)
    assert str(refused.value).endswith((".", ").")), "one sentence"
    assert await engine.loaded_adapters() == before.keys() - {None}
    for name, text in before.items():
        assert await say(engine, name) == text
    await engine.load_adapter("broken", adapter)
    assert await say(engine, "broken") != before[None]


async def test_an_adapter_of_another_base_is_refused(engine: EmbeddedEngine, tmp_path: Path):
    other = random_adapter(tiny_prepared(tmp_path / "base", "gpt2"), tmp_path / "other", seed=1)
    with pytest.raises(AdapterRefused, match="another base"):
        await engine.load_adapter("v1", other)


async def test_gpt2_layers_take_adapters_too(tmp_path: Path):
    base = tiny_prepared(tmp_path / "base", "gpt2")
    folder = random_adapter(base, tmp_path / "v1", 1, target_modules=["c_attn", "c_fc"], fan_in_fan_out=True)
    engine = EmbeddedEngine(base, threads=1)
    await engine.load_adapter("v1", folder)
    assert await say(engine, "v1") != await say(engine)
    await engine.aclose()


async def test_a_failure_while_adapters_are_laid_out_leaves_a_whole_base(
    engine: EmbeddedEngine, adapter: Path, monkeypatch: pytest.MonkeyPatch
):
    before = await say(engine)
    await engine.load_adapter("v1", adapter)
    laid_out = LoraLinear.lay_out
    with monkeypatch.context() as patched:
        calls = iter(range(99))
        patched.setattr(LoraLinear, "lay_out", lambda *given: laid_out(*given) if next(calls) < 3 else 1 / 0)
        with pytest.raises(EngineUnavailable, match="division"):
            await say(engine, "v1")
    assert await say(engine) == before
    assert await say(engine, "v1") != before


async def test_one_whose_adapter_cannot_be_laid_out_ends_nobody_else(
    engine: EmbeddedEngine, adapter: Path, monkeypatch: pytest.MonkeyPatch
):
    before = await say(engine)
    await engine.load_adapter("v1", adapter)
    speaking = asyncio.create_task(say(engine))
    lay_out = LoraLinear.lay_out
    with monkeypatch.context() as patched:
        patched.setattr(LoraLinear, "lay_out", lambda self, factors: 1 / 0 if any(factors) else lay_out(self, factors))
        with pytest.raises(EngineUnavailable, match="division"):
            await say(engine, "v1")
        assert await speaking == before
