"""The two named templates of prepared bases, read back as training and serving read them."""

from pathlib import Path
from typing import Any

import pytest
from tokenizers import processors
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from tests.fakes.models import Kind, tiny_gpt2, tiny_llama, tiny_prepared
from trainer.base import Manifest, prepare

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Ann: hello"},
    {"role": "assistant", "content": "Hi!"},
    {"role": "user", "content": "Ann: still there?"},
    {"role": "assistant", "content": "Yes."},
]

REFUSES_SYSTEM = (
    "{% for m in messages %}"
    "{% if m['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# Rewrites earlier turns once a reply stands: what was trained is not what will be asked.
REWRITES_HISTORY = "{{ messages | length }}:{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"
FORGETS_THE_SYSTEM = "{% for m in messages if m['role'] != 'system' %}{{ m['content'] }}<|im_end|>{% endfor %}"


def with_template(folder: Path, template: str) -> tuple[PreTrainedTokenizerBase, Manifest]:
    source = tiny_llama(folder / "source")
    (source / "chat_template.jinja").write_text(template, encoding="utf-8")
    manifest = prepare(str(source), folder / "base", cache=folder, progress=lambda phase, fraction: None)
    return AutoTokenizer.from_pretrained(folder / "base"), manifest


def render(tokenizer: PreTrainedTokenizerBase, turns=TALK, name: str | None = None, **options: Any) -> str:
    return str(tokenizer.apply_chat_template(turns, chat_template=name, tokenize=False, **options))


@pytest.mark.parametrize("kind", ["llama", "gpt2", "rinna", "colorfulscoop"])
def test_what_is_asked_is_how_what_was_trained_begins(tmp_path: Path, kind: Kind):
    tokenizer = AutoTokenizer.from_pretrained(tiny_prepared(tmp_path / "base", kind))
    for name in ("default", "plain"):
        for turns in (TALK, TALK[1:], TALK[:3]):
            asked = render(tokenizer, turns[:-1], name, add_generation_prompt=True)
            whole = render(tokenizer, turns, name)
            assert whole.startswith(asked)
            tokens = [tokenizer.encode(text, add_special_tokens=False) for text in (asked, whole)]
            assert tokens[1][: len(tokens[0])] == tokens[0]


@pytest.mark.parametrize("kind", ["llama", "gpt2", "rinna", "colorfulscoop"])
def test_the_plain_template_is_the_text_itself(tmp_path: Path, kind: Kind):
    tokenizer = AutoTokenizer.from_pretrained(tiny_prepared(tmp_path / "base", kind))
    text = [{"role": "user", "content": "Once upon "}, {"role": "assistant", "content": "a time"}]
    assert render(tokenizer, text, "plain") == "Once upon a time"


def test_a_model_with_its_own_template_keeps_it(tmp_path: Path):
    source = tiny_llama(tmp_path / "source")
    prepare(str(source), tmp_path / "base", cache=tmp_path, progress=lambda phase, fraction: None)
    before, after = (AutoTokenizer.from_pretrained(tmp_path / name) for name in ("source", "base"))
    assert render(after) == render(before)
    assert render(after, name="default") == render(before)


def test_a_model_without_one_speaks_in_lines(tmp_path: Path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_prepared(tmp_path / "base", "gpt2"))
    end = tokenizer.eos_token
    assert render(tokenizer) == f"Be brief.\nAnn: hello\nHi!{end}\nAnn: still there?\nYes.{end}\n"
    assert render(tokenizer, TALK[:2], add_generation_prompt=True) == "Be brief.\nAnn: hello\n"


def test_where_newlines_are_lost_every_line_ends_with_the_end_token(tmp_path: Path):
    tokenizer = AutoTokenizer.from_pretrained(tiny_prepared(tmp_path / "base", "rinna"))
    assert render(tokenizer, TALK[1:3]) == "Ann: hello</s>Hi!</s>"
    ids = tokenizer.encode(render(tokenizer), add_special_tokens=False)
    assert ids.count(tokenizer.eos_token_id) == len(TALK)


def test_a_tokenizer_that_writes_a_beginning_has_it_in_both_templates(tmp_path: Path):
    source = tiny_gpt2(tmp_path / "source")
    tokenizer = AutoTokenizer.from_pretrained(source)
    beginning = [("<|endoftext|>", tokenizer.bos_token_id)]
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing("<|endoftext|> $A", None, beginning)
    tokenizer.save_pretrained(source)
    prepare(str(source), tmp_path / "base", cache=tmp_path, progress=lambda phase, fraction: None)
    read = AutoTokenizer.from_pretrained(tmp_path / "base")
    once = [{"role": "user", "content": "Once"}]
    assert render(read, once, "plain") == "<|endoftext|>Once"
    assert render(read, once) == "<|endoftext|>Once\n"
    assert read.encode(render(read, once, "plain"), add_special_tokens=False) == read("Once").input_ids


def test_a_template_that_refuses_a_system_turn_takes_it_with_the_first_question(tmp_path: Path):
    tokenizer, manifest = with_template(tmp_path, REFUSES_SYSTEM)
    assert manifest.chat_template == "own"
    assert render(tokenizer, TALK[:2]) == "<|im_start|>user\nBe brief.\n\nAnn: hello<|im_end|>\n"
    assert render(tokenizer, TALK[1:2]) == "<|im_start|>user\nAnn: hello<|im_end|>\n"


@pytest.mark.parametrize("template", [REWRITES_HISTORY, FORGETS_THE_SYSTEM.replace("messages", "missing"), "{% if %}"])
def test_a_template_one_cannot_train_with_gives_way_to_lines(tmp_path: Path, template: str):
    tokenizer, manifest = with_template(tmp_path, template)
    assert manifest.chat_template == "lines"
    assert render(tokenizer, TALK[1:3]) == f"Ann: hello\nHi!{tokenizer.eos_token}\n"


def test_a_template_that_forgets_the_system_turn_is_given_it_in_the_first_question(tmp_path: Path):
    tokenizer, manifest = with_template(tmp_path, FORGETS_THE_SYSTEM)
    assert manifest.chat_template == "own"
    assert render(tokenizer, TALK[:2]).startswith("Be brief.\n\nAnn: hello")


def test_what_a_template_writes_behind_a_reply_ends_generation_too(tmp_path: Path):
    turns = "{% for m in messages %}{{ m['content'] }}<|endoftext|>\n{% endfor %}"
    _, manifest = with_template(tmp_path, turns)
    assert manifest.eos_token_ids == (2, 0)
