"""Prepared tokenizers: they cut text exactly as the models were trained on, and never pad with the end."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from tests.fakes.models import (
    JAPANESE,
    Kind,
    tiny_base,
    tiny_colorfulscoop,
    tiny_gpt2,
    tiny_prepared,
    tiny_rinna,
)
from trainer.base import BaseUnavailable, prepare

AOZORA = Path(__file__).parents[3] / "shared" / "data" / "aozora"
BUILD = {"rinna": tiny_rinna, "colorfulscoop": tiny_colorfulscoop}


def novels() -> str:
    return "\n".join(path.read_bytes().decode("cp932") for path in sorted(AOZORA.glob("*.txt")))


class Pair:
    """A prepared base and the SentencePiece model it was made from."""

    def __init__(self, folder: Path, kind: str, corpus: str) -> None:
        source = BUILD[kind](folder / "source", corpus)
        prepare(str(source), folder / "base", cache=folder, progress=lambda phase, fraction: None)
        self.folder = folder / "base"
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(self.folder)
        self.original = SentencePieceProcessor(model_file=str(source / "spiece.model"))
        self.lower = kind == "rinna"

    def expected(self, text: str) -> list[int]:
        return self.original.encode(text.lower() if self.lower else text)

    def got(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False)


@pytest.fixture(scope="module", params=["rinna", "colorfulscoop"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Pair(tmp_path_factory.mktemp(request.param), request.param, JAPANESE)


@pytest.mark.skipif(not AOZORA.is_dir(), reason="the novels of shared/data/aozora are not beside this checkout")
@pytest.mark.parametrize("kind", ["rinna", "colorfulscoop"])
def test_every_line_of_two_novels_is_cut_as_sentencepiece_cuts_it(tmp_path: Path, kind: str):
    text = novels()
    both = Pair(tmp_path, kind, text[:60_000])  # so that the rest holds characters that it has never seen
    lines = text.splitlines()
    wrong = [line for line in lines if both.got(line) != both.expected(line)]
    assert wrong == []
    assert len(lines) > 500
    assert any(both.tokenizer.unk_token_id in both.got(line) for line in lines)


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet="親譲り。 \u3000\n\tABCabcＡｱﾞé龘😀▁-", max_size=40))
def test_any_mixture_of_characters_is_cut_as_sentencepiece_cuts_it(pair: Pair, text: str):
    assert pair.got(text) == pair.expected(text)


def test_an_unknown_character_is_unknown_and_not_an_end(pair: Pair):
    ids = pair.tokenizer.encode("親譲り龘の無鉄砲", add_special_tokens=False)
    assert pair.tokenizer.unk_token_id in ids
    assert pair.tokenizer.eos_token_id not in ids


def test_nothing_is_added_to_a_prompt(pair: Pair):
    assert pair.tokenizer("親譲りの無鉄砲").input_ids == pair.expected("親譲りの無鉄砲")


def test_the_special_tokens_keep_their_meaning(pair: Pair):
    pieces = pair.original
    named = (pair.tokenizer.bos_token_id, pair.tokenizer.eos_token_id, pair.tokenizer.unk_token_id)
    assert named == (pieces.bos_id(), pieces.eos_id(), pieces.unk_id())
    assert pair.tokenizer.pad_token_id == pieces.pad_id()
    assert len(pair.tokenizer) == pieces.get_piece_size()


def test_rinna_reads_capitals_as_it_was_trained_to(tmp_path: Path):
    both = Pair(tmp_path, "rinna", JAPANESE)
    assert both.got("SLACK で Abc") == both.got("slack で abc")
    assert both.tokenizer.unk_token_id not in both.got("SLACK で Abc")


def test_text_comes_back_as_it_was(pair: Pair):
    text = "メロスには政治がわからぬ。"
    assert pair.tokenizer.decode(pair.got(text)) == text


def test_generation_goes_on_from_a_saved_and_loaded_base(pair: Pair):
    model: Any = AutoModelForCausalLM.from_pretrained(pair.folder)
    batch = pair.tokenizer("メロスは激怒した", return_tensors="pt")
    answer = model.generate(**batch, max_new_tokens=8, do_sample=False)
    assert batch.input_ids.shape[1] < answer.shape[1] <= batch.input_ids.shape[1] + 8
    assert answer[0, : batch.input_ids.shape[1]].tolist() == batch.input_ids[0].tolist()
    assert model.generation_config.pad_token_id == pair.tokenizer.pad_token_id


def test_sampling_that_stood_in_the_config_still_stands_after_preparation(tmp_path: Path):
    both = Pair(tmp_path, "colorfulscoop", JAPANESE)
    sampling = AutoModelForCausalLM.from_pretrained(both.folder).generation_config
    assert (sampling.do_sample, sampling.top_k, sampling.top_p) == (True, 50, 0.95)


def test_a_damaged_vocabulary_is_one_sentence(tmp_path: Path):
    source = tiny_rinna(tmp_path / "source")
    (source / "spiece.model").write_bytes(b"\xff" * 200)
    with pytest.raises(BaseUnavailable, match="damaged: download the base again"):
        prepare(str(source), tmp_path / "base", cache=tmp_path, progress=lambda phase, fraction: None)


@pytest.mark.parametrize("kind", ["llama", "rinna", "colorfulscoop"])
def test_padding_is_never_the_end_of_a_sequence(tmp_path: Path, kind: Kind):
    tokenizer = AutoTokenizer.from_pretrained(tiny_prepared(tmp_path / "base", kind))
    assert tokenizer.pad_token_id not in (None, tokenizer.eos_token_id)
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "base").config.pad_token_id == tokenizer.pad_token_id


def test_where_no_token_suits_for_padding_none_is_set(tmp_path: Path):
    source = tiny_gpt2(tmp_path / "source")
    borrowed = AutoTokenizer.from_pretrained(source)
    borrowed.pad_token = borrowed.eos_token
    borrowed.save_pretrained(source)
    prepare(str(source), tmp_path / "base", cache=tmp_path, progress=lambda phase, fraction: None)
    assert AutoTokenizer.from_pretrained(tmp_path / "base").pad_token is None
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "base").config.pad_token_id is None


@pytest.mark.parametrize(("kind", "kept"), [("llama", True), ("gpt2", True), ("rinna", False)])
def test_the_manifest_tells_whether_newlines_survive(tmp_path: Path, kind: Kind, kept: bool):
    source = tiny_base(tmp_path / "source", kind)
    manifest = prepare(str(source), tmp_path / "base", cache=tmp_path, progress=lambda phase, fraction: None)
    assert manifest.keeps_newlines is kept
