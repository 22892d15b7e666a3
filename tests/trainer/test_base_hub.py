"""Bases from a model hub: the real client against a hub on loopback, in a process of its own.

The client reads its address and whether it is offline once, when it is imported; hence the processes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.fakes.hub import COMMIT, hub
from tests.fakes.models import tiny_gpt2, tiny_llama
from trainer.base import read_manifest

PREPARE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from trainer.base import BaseUnavailable, prepare
seen = []
try:
    report = lambda phase, fraction: seen.append((phase, fraction))
    manifest = prepare(sys.argv[1], Path(sys.argv[2]), cache=Path(sys.argv[3]), progress=report)
    print(json.dumps({"manifest": asdict(manifest), "seen": seen}))
except BaseUnavailable as error:
    print(json.dumps({"refused": str(error)}))
"""
NOWHERE = "http://127.0.0.1:9"


def prepare_from(address: str, source: str, folder: Path, *, offline: bool = False) -> dict:
    """What `prepare` said in a process whose hub is at `address`; the cache is `folder`'s neighbour."""
    surroundings = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    surroundings |= {"HF_ENDPOINT": address, "HF_HUB_OFFLINE": "1" if offline else "0", "HF_TOKEN": ""}
    surroundings |= {"HF_HOME": str(folder.parent / "home"), "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, source, str(folder), str(folder.parent / "cache")],
        cwd=Path(__file__).parents[2],
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_hub_repository_becomes_a_base_pinned_to_its_commit(tmp_path: Path):
    with hub("someone/tiny", tiny_llama(tmp_path / "repository")) as server:
        said = prepare_from(server.address, "someone/tiny", tmp_path / "base")
    manifest = read_manifest(tmp_path / "base")
    assert (manifest.source, manifest.revision) == ("someone/tiny", COMMIT)
    assert (manifest.read_from, manifest.chat_template) == ("safetensors", "own")
    fractions = [fraction for phase, fraction in said["seen"] if phase == "downloading" and fraction]
    assert fractions[-1] == 1.0
    assert fractions == sorted(fractions)


def test_an_old_id_without_an_owner_is_found_on_the_hub(tmp_path: Path):
    with hub("tiny", tiny_llama(tmp_path / "repository")) as server:
        prepare_from(server.address, "tiny", tmp_path / "base")
    assert read_manifest(tmp_path / "base").source == "tiny"


def test_only_what_is_needed_is_downloaded(tmp_path: Path):
    repository = tiny_llama(tmp_path / "repository")
    for name in (
        "pytorch_model.bin",
        "model.fp16.safetensors",
        "modeling_tiny.py",
        "onnx/model.onnx",
        "README.md",
    ):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_bytes(b"not wanted")
    with hub("someone/tiny", repository) as server:
        prepare_from(server.address, "someone/tiny", tmp_path / "base")
        assert {"model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"} <= set(server.sent)
        assert all(name.endswith((".json", ".jinja")) or name == "model.safetensors" for name in server.sent)


def test_pickled_weights_are_taken_where_there_are_no_others(tmp_path: Path):
    repository = tiny_gpt2(tmp_path / "repository")
    torch.save(load_file(repository / "model.safetensors"), repository / "pytorch_model.bin")
    (repository / "model.safetensors").unlink()
    with hub("someone/old", repository) as server:
        prepare_from(server.address, "someone/old@v1", tmp_path / "base")
    manifest = read_manifest(tmp_path / "base")
    assert (manifest.read_from, manifest.revision, manifest.source) == ("bin", COMMIT, "someone/old@v1")
    assert "model.safetensors" in manifest.files


@pytest.mark.long
def test_a_repository_once_downloaded_is_enough_without_a_network(tmp_path: Path):
    with hub("someone/tiny", tiny_llama(tmp_path / "repository")) as server:
        first = prepare_from(server.address, "someone/tiny", tmp_path / "base")
    for offline in (True, False):
        again = prepare_from(NOWHERE, "someone/tiny", tmp_path / f"again{offline}", offline=offline)
        assert again["manifest"] == first["manifest"]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "someone/else",
            "There is no folder and no public hub repository someone/else: check the name, or set HF_TOKEN.",
        ),
        (
            "tinny",
            "There is no base called tinny: it is in neither [bases.sources] nor [bases.servers], it is no folder, and "
            "the hub has no public model of that name; name it in one of these tables, or choose another with "
            "`yamabiko persona edit PERSONA --base …`.",
        ),
        ("gated/tiny", "gated/tiny is gated: accept its terms on the hub, then set HF_TOKEN to your token."),
        ("someone/tiny@v9", "someone/tiny has no revision v9: check what follows the @."),
        (
            "someone/tiny",
            "someone/tiny holds no safetensors weights: name a repository that does, or a .gguf file.",
        ),
    ],
)
def test_what_a_hub_does_not_give_is_told_in_one_sentence(tmp_path: Path, source: str, sentence: str):
    repository = tiny_llama(tmp_path / "repository")
    (repository / "model.safetensors").unlink()
    with hub("someone/tiny", repository) as server:
        assert prepare_from(server.address, source, tmp_path / "base") == {"refused": sentence}
    assert not (tmp_path / "base").exists()


@pytest.mark.parametrize("offline", [True, False])
def test_a_hub_out_of_reach_is_told_in_one_sentence(tmp_path: Path, offline: bool):
    said = prepare_from(NOWHERE, "someone/tiny", tmp_path / "base", offline=offline)
    sentence = "The hub cannot be reached for someone/tiny: check the network, or give a folder or a .gguf file."
    assert said == {"refused": sentence}
