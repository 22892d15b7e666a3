"""Repacked linear layers: the same numbers up to rounding, and only where the processor gains by it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from bot.generation.adapter_folder import read_adapter
from bot.generation.lora import Adapters
from bot.generation.packed import PackedLinear, can_pack, pack
from tests.fakes.adapters import random_adapter
from tests.fakes.models import tiny_prepared

IDS = torch.arange(3, 27).view(3, 8)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prepared(tmp_path_factory.mktemp("bases") / "tiny")


def fresh(base: Path, dtype: torch.dtype = torch.bfloat16) -> Any:
    return AutoModelForCausalLM.from_pretrained(base, dtype=dtype).eval()


def packed_layers(model: Any) -> list[str]:
    return [name for name, layer in model.named_modules() if isinstance(layer, PackedLinear)]


@pytest.mark.skipif(not can_pack(), reason="this processor does not compute in bfloat16")
def test_scores_are_the_same_up_to_rounding_with_and_without_an_adapter(base: Path, tmp_path: Path) -> None:
    plain, packed = fresh(base), fresh(base)
    pack(packed)
    assert len(packed_layers(packed)) == 14, "seven in each of two layers"
    folder = random_adapter(base, tmp_path / "one", 1)
    for model in (plain, packed):
        model.lora = Adapters(model)
    assert plain.lora.shapes == packed.lora.shapes
    adapter = read_adapter(folder, plain.lora.shapes)
    with torch.inference_mode():
        for rows in ([None, None, None], [adapter, None, adapter]):
            scores = []
            for model in (plain, packed):
                model.lora.gather([one for one in rows if one])
                model.lora.choose(rows)
                scores.append(model(IDS).logits.float())
            assert (scores[0] - scores[1]).abs().max() < 0.05 * scores[0].abs().max()


def test_a_model_in_float32_stays_as_it_is(base: Path) -> None:
    model = fresh(base, torch.float32)
    pack(model)
    assert packed_layers(model) == []


@pytest.mark.skipif(not can_pack(), reason="this processor does not compute in bfloat16")
def test_a_large_head_that_is_the_embedding_too_is_not_held_twice(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = fresh(base)
    pack(model)
    assert "lm_head" not in packed_layers(model), "of so small a model the vocabulary is most"
    small = fresh(base)
    monkeypatch.setattr("bot.generation.packed.SHARE_OF_MODEL", 1.0)
    pack(small)
    assert "lm_head" in packed_layers(small)
    assert small.get_input_embeddings().weight.shape == small.lm_head.weight.shape
