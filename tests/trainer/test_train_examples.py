"""What is a target and what is not, for each shape and each kind of vocabulary."""

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.fakes.models import Kind, tiny_prepared
from trainer.train.examples import Rendering, Sample, chat_sample, cut_stream, read_samples, spread
from trainer.train.failures import BadInput


def rendering_of(folder: Path) -> Rendering:
    facts = json.loads((folder / "base.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return Rendering(tokenizer, frozenset(facts["eos_token_ids"]), facts["keeps_newlines"])


@pytest.fixture(scope="module")
def renderings(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Rendering]:
    kinds: tuple[Kind, ...] = ("llama", "gpt2", "rinna")
    root = tmp_path_factory.mktemp("bases")
    return {kind: rendering_of(tiny_prepared(root / kind, kind)) for kind in kinds}


def talk(*contents: str, system: str | None = None) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    turns = [{"role": roles[place % 2], "content": content} for place, content in enumerate(contents)]
    return ([{"role": "system", "content": system}] if system else []) + turns


@pytest.mark.parametrize("kind", ["llama", "gpt2", "rinna"])
def test_the_targets_are_the_reply_and_its_end_alone(renderings: dict[Kind, Rendering], kind: Kind) -> None:
    rendering = renderings[kind]
    sample = chat_sample(talk("親譲りの無鉄砲で", "メロスは激怒した。"), rendering, 128)
    targets = sample.ids[sample.start :]
    assert targets[-1] in rendering.eos_ids
    assert not set(targets[:-1]) & rendering.eos_ids
    assert rendering.tokenizer.decode(targets[:-1]).replace(" ", "") == "メロスは激怒した。"
    asked = rendering.tokenizer.decode(sample.ids[: sample.start]).replace(" ", "")
    assert "親譲りの無鉄砲で" in asked


def test_the_context_is_what_the_bot_will_render_before_it_answers(renderings: dict[Kind, Rendering]) -> None:
    rendering = renderings["llama"]
    sample = chat_sample(talk("good morning", "hi", system="You are Echo."), rendering, 128)
    assert list(sample.ids[: sample.start]) == rendering.prompt("chat", "You are Echo.", "good morning")


def test_a_context_too_long_loses_its_oldest_turns_and_keeps_the_system_turn(
    renderings: dict[Kind, Rendering],
) -> None:
    rendering = renderings["llama"]
    turns = talk("the first words " * 8, "old reply " * 8, "the newest question", "yes", system="You are Echo.")
    sample = chat_sample(turns, rendering, 100)
    shown = rendering.tokenizer.decode(sample.ids)
    assert len(sample.ids) <= 100
    assert "You are Echo." in shown
    assert "the newest question" in shown
    assert "the first words" not in shown
    assert "old reply" not in shown


def test_a_single_long_question_keeps_its_end(renderings: dict[Kind, Rendering]) -> None:
    rendering = renderings["llama"]
    sample = chat_sample(talk("blah " * 200 + "what now?", "nothing", system="Be Echo."), rendering, 96)
    shown = rendering.tokenizer.decode(sample.ids[: sample.start])
    assert len(sample.ids) <= 96
    assert shown.startswith("<|im_start|>system")
    assert "what now?" in shown


def test_a_reply_that_is_cut_teaches_no_end(renderings: dict[Kind, Rendering]) -> None:
    rendering = renderings["llama"]
    sample = chat_sample(talk("tell me", "a very long story " * 60), rendering, 64)
    assert len(sample.ids) == 64
    assert not set(sample.ids[sample.start :]) & rendering.eos_ids


def test_blocks_of_a_stream_hold_every_token_once_and_in_order(renderings: dict[Kind, Rendering]) -> None:
    rendering = renderings["gpt2"]
    texts = ["One story.\nIts second line.", "The story goes on here."]
    blocks = cut_stream(texts, rendering, 16)
    opening = rendering.opening()
    stream = [token for block in blocks for token in block.ids[len(opening) :]]
    assert rendering.tokenizer.decode(stream) == "\n".join(texts)
    assert all(len(block.ids) <= 16 for block in blocks)


def test_every_block_begins_with_the_opening_where_the_base_wants_one(
    renderings: dict[Kind, Rendering],
) -> None:
    plain = renderings["llama"]
    template = {
        "default": "x",
        "plain": "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}",
    }
    tokenizer = AutoTokenizer.from_pretrained(plain.tokenizer.name_or_path)
    tokenizer.chat_template = template
    rendering = Rendering(tokenizer, plain.eos_ids, keeps_newlines=True)
    blocks = cut_stream(["The quick brown fox. " * 20], rendering, 16)
    assert len(blocks) > 3
    assert {block.ids[0] for block in blocks} == {tokenizer.bos_token_id}
    assert {block.start for block in blocks} == {1}


def test_a_vocabulary_without_newlines_has_its_paragraphs_ended(renderings: dict[Kind, Rendering]) -> None:
    rendering = renderings["rinna"]
    assert not rendering.keeps_newlines
    ids = rendering.paragraphs("メロスは激怒した。\n\nメロスには政治がわからぬ。")
    eos = rendering.tokenizer.eos_token_id
    assert ids.count(eos) == 1
    first = ids[: ids.index(eos)]
    assert rendering.tokenizer.decode(first).replace(" ", "") == "メロスは激怒した。"


def test_a_broken_line_is_named_by_its_number(renderings: dict[Kind, Rendering], tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text('{"turns": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n{"tu\n')
    with pytest.raises(BadInput, match=r"Line 2 of train\.jsonl"):
        read_samples(file, "chat", renderings["llama"], 64)


def test_an_example_that_ends_with_a_question_is_refused(renderings: dict[Kind, Rendering], tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps({"turns": talk("a", "b", "c")}) + "\n")
    with pytest.raises(BadInput, match="Example 1 does not end with an assistant's turn"):
        read_samples(file, "chat", renderings["llama"], 64)


def test_a_spread_takes_from_the_whole_and_keeps_to_its_limit() -> None:
    samples = [Sample(tuple(range(10)), 1 + place % 9) for place in range(100)]
    chosen = spread(samples, 200)
    assert len(chosen) == 20
    assert chosen[-1] is samples[95]
    assert spread(samples, 1000) == samples
