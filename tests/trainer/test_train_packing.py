"""Packing changes nothing but the time it takes, and the fast layers compute what peft's compute."""

import random
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, PreTrainedModel

from db.recipe import CHAT
from tests.fakes.models import Kind, tiny_base
from trainer.train.examples import Sample
from trainer.train.lora import Weights, add_lora
from trainer.train.model import loss_sum
from trainer.train.packing import pack

KINDS: tuple[Kind, ...] = ("llama", "gpt2")


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny") / request.param, request.param)


def loaded(folder: Path, attention: str = "sdpa") -> PreTrainedModel:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention)
    return model.requires_grad_(False)


def some_samples(count: int) -> list[Sample]:
    chance = random.Random(3)
    sizes = [chance.randint(3, 40) for _ in range(count)]
    return [Sample(tuple(chance.randrange(3, 300) for _ in range(size)), chance.randint(1, size - 1)) for size in sizes]


def alone(model: PreTrainedModel, sample: Sample) -> torch.Tensor:
    """The loss as a plain forward of one sequence gives it."""
    ids = torch.tensor([sample.ids])
    logits = model(input_ids=ids).logits[0, sample.start - 1 : -1]
    return cross_entropy(logits.float(), ids[0, sample.start :], reduction="sum")


def awake(model: torch.nn.Module) -> None:
    """LoRA begins as zero; random numbers show what it does."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(0, 0.05)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_packed_row_loses_what_its_samples_lose_alone(folder: Path, attention: str) -> None:
    model = loaded(folder, attention).eval()
    samples = some_samples(12)
    batches = pack(samples, 100)
    assert any((batch.positions.diff(dim=-1) < 0).any() for batch in batches), "nothing was packed"
    packed = sum(float(loss_sum(model, batch)) for batch in batches)
    expected = sum(float(alone(model, sample)) for sample in samples)
    assert packed == pytest.approx(expected, abs=1e-4 * len(samples))


def test_packing_keeps_every_target_and_wastes_little() -> None:
    samples = some_samples(64)
    batches = pack(samples, 256)
    targets = sorted(target for batch in batches for target in batch.targets.tolist())
    assert targets == sorted(token for sample in samples for token in sample.ids[sample.start :])
    assert sum(batch.tokens for batch in batches) < 1.1 * sum(len(sample.ids) for sample in samples)


def test_a_target_equal_to_the_padding_is_learned() -> None:
    ending = [Sample((5, 6, 7, 0), 2), Sample((5, 6, 7, 8, 9, 0), 3)]
    assert sorted(target for batch in pack(ending) for target in batch.targets.tolist()).count(0) == 2


def test_our_gradients_are_those_of_peft_and_a_plain_cross_entropy(folder: Path) -> None:
    ours, plain = loaded(folder), loaded(folder)
    mine = add_lora(ours, CHAT, "tiny")
    theirs = get_peft_model(
        plain,
        LoraConfig(
            r=CHAT.rank,
            lora_alpha=int(CHAT.alpha),
            lora_dropout=0.0,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
            fan_in_fan_out="gpt2" in folder.name,
        ),
    )
    awake(mine)
    theirs.load_state_dict(mine.state_dict())
    samples = some_samples(8)
    weights = Weights(parameter for parameter in mine.parameters() if parameter.requires_grad)
    mine.train(), theirs.train()
    plain.config.attn_pdrop = plain.config.resid_pdrop = 0.0
    for module in (*ours.modules(), *plain.modules()):
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if hasattr(module, "attn_dropout"):
            module.attn_dropout = torch.nn.Identity()
            module.attn_dropout.p = 0.0
    for batch in pack(samples, 64):
        loss_sum(ours, batch).backward()
        weights.collect()
    sum(alone(plain, sample) for sample in samples).backward()
    wanted = torch.cat([p.grad.reshape(-1) for p in theirs.parameters() if p.requires_grad])
    assert wanted.norm() > 0.1
    torch.testing.assert_close(weights.master.grad, wanted, atol=2e-4, rtol=1e-3)


def test_the_output_layer_is_never_adapted(folder: Path) -> None:
    model = loaded(folder)
    adapted = [name for name, _ in add_lora(model, CHAT, "tiny").named_parameters() if "lora_" in name]
    assert adapted
    assert not any("lm_head" in name for name in adapted)


def test_what_the_optimiser_changes_reaches_the_model(folder: Path) -> None:
    model = loaded(folder)
    peft = add_lora(model, CHAT, "tiny")
    parameters = [parameter for parameter in peft.parameters() if parameter.requires_grad]
    weights = Weights(parameters)
    weights.master.fill_(0.25)
    weights.publish()
    assert all(bool((parameter == 0.25).all()) for parameter in parameters)
