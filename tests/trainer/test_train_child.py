"""The training child as a real process: what it writes, how it stops, what it calls its failures."""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tests.fakes.models import tiny_prepared
from tests.fakes.training_child import SECRET, Child, job, named

ENDLESS = {"epochs": 1000, "learning_rate": 1e-4}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prepared(tmp_path_factory.mktemp("bases") / "llama", "llama")


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prepared(tmp_path_factory.mktemp("bases") / "gpt2", "gpt2")


@pytest.fixture
def start() -> Iterator[Any]:
    children: list[Child] = []

    def begin(given: dict[str, Any]) -> Child:
        children.append(Child(given))
        return children[-1]

    yield begin
    for child in children:
        child.process.kill()
        child.process.wait()
        for pipe in (child.process.stdin, child.process.stdout):
            assert pipe is not None
            pipe.close()


def test_a_run_leaves_a_whole_adapter_that_foretells_held_out_text_better(
    llama: Path, tmp_path: Path, start: Any
) -> None:
    status, events = start(job(tmp_path, llama)).finish()
    assert status == 0
    scores = {event["who"]: event for event in named(events, "evaluated")}
    assert scores["candidate"]["loss"] < scores["base"]["loss"] - 0.5
    assert scores["base"]["tokens"] == scores["candidate"]["tokens"]
    assert [event["who"] for event in named(events, "answers")] == ["base", "candidate"]
    (plan,) = named(events, "plan")
    steps = named(events, "step")
    assert plan["steps"] == len(steps) == steps[-1]["step"] == 30
    assert steps[-1]["loss"] < steps[0]["loss"] - 0.5
    (done,) = named(events, "done")
    weights = tmp_path / "adapter" / "adapter_model.safetensors"
    assert done["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert done["peak_memory_mb"] > 50
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_an_adapter_tells_no_machine_path_and_no_message(llama: Path, tmp_path: Path, start: Any) -> None:
    status, _ = start(job(tmp_path, llama, recipe={"epochs": 1})).finish()
    assert status == 0
    folder = tmp_path / "adapter"
    names = {"adapter_config.json", "adapter_model.safetensors", "chat_template.jinja", "README.md"}
    assert {file.name for file in folder.iterdir()} == names
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "somebody/tiny"
    assert (folder / "chat_template.jinja").read_text() == (llama / "chat_template.jinja").read_text()
    for name in names:
        content = (folder / name).read_bytes()
        assert str(tmp_path).encode() not in content
        assert str(llama).encode() not in content
        assert SECRET.encode() not in content
    card = (folder / "README.md").read_text()
    assert 'license: "apache-2.0"' in card
    assert "slack_export: 24" in card


def test_a_gpt2_learns_plain_text_and_the_live_adapter_is_scored_as_it_was(
    gpt2: Path, tmp_path: Path, start: Any
) -> None:
    recipe = {"learning_rate": 0.01, "epochs": 8, "block": 32, "batch": 4}
    status, first = start(job(tmp_path / "1", gpt2, "text", recipe=recipe)).finish()
    assert status == 0
    again = job(tmp_path / "2", gpt2, "text", recipe=recipe, live_adapter=str(tmp_path / "1" / "adapter"))
    status, second = start(again).finish()
    assert status == 0
    before = {event["who"]: event["loss"] for event in named(first, "evaluated")}
    after = {event["who"]: event["loss"] for event in named(second, "evaluated")}
    assert before["candidate"] < before["base"] - 0.5
    assert after["live"] == pytest.approx(before["candidate"], abs=1e-4)
    assert after["base"] == before["base"]
    assert after["candidate"] == pytest.approx(before["candidate"], abs=1e-4)
    plain = (gpt2 / "additional_chat_templates" / "plain.jinja").read_text()
    assert (tmp_path / "2" / "adapter" / "chat_template.jinja").read_text() == plain
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(gpt2), tmp_path / "2" / "adapter")
    lora = [p for name, p in model.named_parameters() if "lora_B" in name]
    assert lora
    assert all(bool((parameter != 0).any()) for parameter in lora)


@pytest.mark.long
def test_a_killed_run_resumes_to_the_weights_of_an_uninterrupted_one(llama: Path, tmp_path: Path, start: Any) -> None:
    long = {"learning_rate": 0.002, "epochs": 30, "block": 64, "dropout": 0.1}
    status, whole = start(job(tmp_path / "whole", llama, recipe=long, prompts=[])).finish()
    assert status == 0
    given = job(tmp_path / "cut", llama, recipe=long, prompts=[], checkpoint_seconds=0.05)
    child = start(given)
    child.until("step", 25)
    child.process.kill()
    child.process.wait()
    assert Path(given["checkpoint"]).exists()
    assert not Path(given["out"]).exists()
    status, resumed = start({**given, "resume": True}).finish()
    assert status == 0
    steps = named(resumed, "step")
    assert 1 < steps[0]["step"] < 80
    assert [{**plan, "seconds": 0} for plan in named(resumed, "plan")] == [
        {**plan, "seconds": 0} for plan in named(whole, "plan")
    ]
    ours, theirs = (
        load_file(tmp_path / folder / "adapter" / "adapter_model.safetensors") for folder in ("cut", "whole")
    )
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor.float(), theirs[name].float(), atol=1e-6, rtol=0)


def test_a_torn_checkpoint_starts_over_and_says_so(llama: Path, tmp_path: Path, start: Any) -> None:
    given = job(tmp_path, llama, resume=True, prompts=[], recipe={"epochs": 1})
    Path(given["checkpoint"]).write_bytes(os.urandom(4000))
    status, events = start(given).finish()
    assert status == 0
    told = [event for event in named(events, "phase") if event["name"] == "starting_over"]
    assert "cannot be read" in told[0]["detail"]
    assert named(events, "step")[0]["step"] == 1


def test_a_cancelled_run_says_so_within_two_seconds(llama: Path, tmp_path: Path, start: Any) -> None:
    child = start(job(tmp_path, llama, recipe=ENDLESS))
    child.until("step", 3)
    began = time.monotonic()
    child.process.stdin.write("cancel\n")
    child.process.stdin.flush()
    status, events = child.finish()
    assert time.monotonic() - began < 2
    assert status == 6
    assert events[-1]["event"] == "failed"
    assert events[-1]["code"] == "cancelled"
    assert len(named(events, "failed")) == 1
    assert not (tmp_path / "adapter").exists()


def test_a_child_ends_within_two_seconds_of_its_parent(llama: Path, tmp_path: Path, start: Any) -> None:
    child = start(job(tmp_path, llama, recipe=ENDLESS))
    child.until("step", 3)
    began = time.monotonic()
    child.process.stdin.close()
    assert child.process.wait(timeout=10) == 7
    assert time.monotonic() - began < 2


def test_a_child_whose_parent_is_gone_at_once_never_loads_a_model(llama: Path, tmp_path: Path, start: Any) -> None:
    child = start(job(tmp_path, llama))
    child.process.stdin.close()
    assert child.process.wait(timeout=10) == 7


def failure(child: Child) -> tuple[int, dict[str, Any]]:
    status, events = child.finish()
    assert events[-1]["event"] == "failed", child.errors.read_text()[-2000:]
    assert not named(events, "done")
    return status, events[-1]


@pytest.mark.parametrize("kind", ["llama", pytest.param("gpt2", marks=pytest.mark.long)])
def test_a_learning_rate_out_of_all_reason_is_called_diverged(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, start: Any
) -> None:
    given = job(tmp_path, request.getfixturevalue(kind), recipe={"learning_rate": 1e6, "epochs": 20})
    status, failed = failure(start(given))
    assert (status, failed["code"]) == (5, "diverged")
    assert "lower learning rate" in failed["detail"]
    assert not (tmp_path / "adapter").exists()


def test_too_little_memory_is_called_out_of_memory(llama: Path, tmp_path: Path, start: Any) -> None:
    prompts = ["The dog slept all day. " * 20] * 4000  # answered together: gigabytes of activations
    status, failed = failure(start(job(tmp_path, llama, memory_limit_mb=800, prompts=prompts)))
    assert (status, failed["code"]) == (3, "out_of_memory"), failed
    assert "smaller block, batch or base" in failed["detail"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_called_disk_full_and_leaves_no_half_adapter(llama: Path, tmp_path: Path, start: Any) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=False)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        recipe = {"rank": 512, "epochs": 1, "learning_rate": 1e-4}
        given = job(tmp_path / "job", llama, recipe=recipe, out=str(small / "adapter"))
        status, failed = failure(start(given))
        assert (status, failed["code"]) == (4, "disk_full")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"recipe": {"rank": 0}}, "rank must lie between"),
        ({"shape": "song"}, "shape must be chat or text"),
        ({"colour": "red"}, "no field 'colour'"),
        ({"prompts": "hello"}, "prompts cannot be"),
    ],
)
def test_a_job_that_cannot_be_is_refused_with_one_sentence(
    llama: Path, tmp_path: Path, start: Any, changed: dict[str, Any], words: str
) -> None:
    status, failed = failure(start(job(tmp_path, llama, **changed)))
    assert (status, failed["code"]) == (2, "bad_input")
    assert words in failed["detail"]


def test_a_folder_that_is_no_base_is_refused(tmp_path: Path, start: Any) -> None:
    status, failed = failure(start(job(tmp_path, tmp_path / "nothing")))
    assert (status, failed["code"]) == (2, "bad_input")
    assert "is no prepared base" in failed["detail"]
