"""Many adapters beside one model: each row's scores are those PEFT gives it alone."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from bot.generation.adapter_folder import Adapter, read_adapter
from bot.generation.lora import Adapters
from tests.fakes.adapters import random_adapter
from tests.fakes.models import tiny_prepared

CLOSE = 1e-4
KINDS: dict[str, list[dict[str, Any]]] = {
    "llama": [
        {},
        {"r": 2, "target_modules": ["q_proj", "down_proj"], "lora_alpha": 32},
        {"r": 8, "use_rslora": True, "rank_pattern": {"v_proj": 3}, "alpha_pattern": {"layers.0.mlp.up_proj": 5}},
    ],
    "gpt2": [
        {"target_modules": ["c_attn"], "fan_in_fan_out": True},
        {"r": 3, "target_modules": ["c_attn", "c_proj", "c_fc"], "fan_in_fan_out": True, "use_rslora": True},
        {"target_modules": ["c_fc"], "fan_in_fan_out": True},
    ],
}


def fresh(base: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_each_rows_scores_are_pefts_whatever_shares_the_batch(tmp_path: Path, kind: Any) -> None:
    base = tiny_prepared(tmp_path / "base", kind)
    folders = [random_adapter(base, tmp_path / str(n), n, **lora) for n, lora in enumerate(KINDS[kind])]
    ids = torch.arange(3, 27).view(3, 8)
    with torch.inference_mode():
        expected = [fresh(base)(ids).logits]
        expected += [PeftModel.from_pretrained(fresh(base), folder).eval()(ids).logits for folder in folders]
        model = fresh(base)
        adapters = Adapters(model)
        speakers: list[Adapter | None] = [None, *[read_adapter(folder, adapters.shapes) for folder in folders]]
        for chosen in itertools.product(range(len(speakers)), repeat=3):
            rows = [speakers[at] for at in chosen]
            adapters.gather(one for one in rows if one)
            adapters.choose(rows)
            scores = model(ids).logits
            for row, at in enumerate(chosen):
                assert (scores[row] - expected[at][row]).abs().max() < CLOSE, chosen
    gaps = [(one - other).abs().max() for one, other in itertools.combinations(expected, 2)]
    assert min(gaps) > 100 * CLOSE, "they would be told apart"


def test_an_adapter_that_overflows_leaves_the_rows_of_others_whole(tmp_path: Path) -> None:
    base = tiny_prepared(tmp_path / "base")
    model = fresh(base)
    ids = torch.arange(3, 19).view(2, 8)
    with torch.inference_mode():
        alone = model(ids).logits
        adapters = Adapters(model)
        loud = read_adapter(random_adapter(base, tmp_path / "loud", 1), adapters.shapes)
        for factors in loud.layers.values():
            factors.down.fill_(3e38)
        adapters.gather([loud])
        adapters.choose([loud, None])
        scores = model(ids).logits
    assert not scores[0].isfinite().all()
    assert torch.equal(scores[1], alone[1])


def test_what_is_forgotten_is_no_longer_laid_out_and_the_others_stay(tmp_path: Path) -> None:
    base = tiny_prepared(tmp_path / "base")
    model = fresh(base)
    ids = torch.arange(3, 11).view(1, 8)
    with torch.inference_mode():
        alone = model(ids).logits
        adapters = Adapters(model)
        one, two = (read_adapter(random_adapter(base, tmp_path / str(n), n), adapters.shapes) for n in range(2))
        adapters.gather([one, two])
        adapters.choose([two])
        spoken = model(ids).logits
        adapters.forget(one)
        adapters.choose([two])
        assert (model(ids).logits - spoken).abs().max() < CLOSE
        adapters.choose([None])
        assert torch.equal(model(ids).logits, alone)
        adapters.forget(two)
        with pytest.raises(KeyError):
            adapters.choose([two])
