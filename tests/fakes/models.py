"""Tiny random models in the layouts that real ones have on a hub: no download, a second each.

Owns how such folders look. Knows nothing of what is done with them, but for `tiny_prepared`, which hands one
to `trainer.base.prepare`. The weights are random and seeded: good for mechanics, never for sense.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

import gguf
import sentencepiece
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

CONTEXT = 512

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

ENGLISH = """The quick brown fox jumps over the lazy dog, and the dog does not mind.
Good morning everyone! Has anybody seen the release notes for tomorrow?
I think we should ship it on Friday, if the tests are green by then.
What does the error say? It says that the file was not found, again.
Thanks a lot, that fixed it for me. See you at lunch."""

JAPANESE = """親譲りの無鉄砲で小供の時から損ばかりしている。
小学校に居る時分学校の二階から飛び降りて一週間ほど腰を抜かした事がある。
なぜそんな無闇をしたと聞く人があるかも知れぬ。別段深い理由でもない。
メロスは激怒した。必ず、かの邪智暴虐の王を除かなければならぬと決意した。
メロスには政治がわからぬ。メロスは、村の牧人である。
今日のリリースは明日に延期します。Slack で ABC と 123 を確認してください。"""

Kind = Literal["llama", "gpt2", "rinna", "colorfulscoop"]


def tiny_llama(folder: Path, vocab_from: str | None = None) -> Path:
    """A Llama with a chat template: ChatML, stops at `<|im_end|>`, pads with `<|endoftext|>`, context 512."""
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_byte_level(vocab_from or ENGLISH + JAPANESE, specials),
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        model_max_length=CONTEXT,
    )
    tokenizer.chat_template = CHATML
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        tie_word_embeddings=True,
    )
    _save_random(LlamaForCausalLM, config, folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_gpt2(folder: Path, vocab_from: str | None = None) -> Path:
    """A GPT-2 as `gpt2` itself: one special token, no chat template, no padding token."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_byte_level(vocab_from or ENGLISH + JAPANESE, ["<|endoftext|>"]),
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        model_max_length=CONTEXT,
    )
    _save_random(GPT2LMHeadModel, _gpt2_config(len(tokenizer), bos=0, eos=0), folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_rinna(folder: Path, corpus: Path | str = JAPANESE) -> Path:
    """The layout of rinna/japanese-gpt2-medium: `spiece.model`, and a config that names T5Tokenizer."""
    pieces = _train_sentencepiece(
        folder, corpus, pad_id=3, pad_piece="[PAD]", user_defined_symbols=["[CLS]", "[SEP]", "[MASK]"]
    )
    _save_random(GPT2LMHeadModel, _gpt2_config(pieces, bos=1, eos=2), folder)
    _write_json(
        folder / "tokenizer_config.json",
        {
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "bos_token": "<s>",
            "pad_token": "[PAD]",
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "mask_token": "[MASK]",
            "extra_ids": 0,
            "additional_special_tokens": [],
            "sp_model_kwargs": {},
            "do_lower_case": True,
            "tokenizer_class": "T5Tokenizer",
        },
    )
    return folder


def tiny_colorfulscoop(folder: Path, corpus: Path | str = JAPANESE) -> Path:
    """The layout of colorfulscoop/gpt2-small-ja: BertGenerationTokenizer, sampling in config.json."""
    pieces = _train_sentencepiece(
        folder,
        corpus,
        pad_id=0,
        unk_id=1,
        bos_id=2,
        eos_id=3,
        pad_piece="<pad>",
        control_symbols=["<sep>", "<cls>"],
    )
    config = _gpt2_config(pieces, bos=2, eos=3)
    _save_random(GPT2LMHeadModel, config, folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    written = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    sampling = {"do_sample": True, "top_k": 50, "top_p": 0.95, "pad_token_id": 0}
    _write_json(folder / "config.json", written | sampling | {"tokenizer_class": "BertGenerationTokenizer"})
    _write_json(
        folder / "tokenizer_config.json",
        {
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>",
            "sep_token": "<sep>",
            "cls_token": "<cls>",
            "tokenizer_class": "BertGenerationTokenizer",
        },
    )
    return folder


def tiny_gguf(path: Path) -> Path:
    """`tiny_llama` as a GGUF file of unquantised numbers, as llama.cpp would write it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = tiny_llama(Path(scratch))
        writer = gguf.GGUFWriter(path, "llama")
        _describe(writer, LlamaConfig.from_pretrained(folder))
        _add_vocabulary(writer, json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")))
        names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
        for name, tensor in load_file(folder / "model.safetensors").items():
            known = names.get_name(name, try_suffixes=(".weight",))
            heads = {"q_proj": 4, "k_proj": 2}.get(name.split(".")[-2])
            writer.add_tensor(str(known), (_interleaved(tensor, heads) if heads else tensor).numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return path


def tiny_base(folder: Path, kind: Kind = "llama") -> Path:
    """One of the above by its name."""
    build = {"llama": tiny_llama, "gpt2": tiny_gpt2, "rinna": tiny_rinna, "colorfulscoop": tiny_colorfulscoop}
    return build[kind](folder)


def tiny_prepared(folder: Path, kind: Kind = "llama") -> Path:
    """A prepared base in `folder`, made from a tiny model of that kind."""
    from trainer.base import prepare  # not needed by those who only build

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = tiny_base(Path(scratch) / "source", kind)
        prepare(str(source), folder, cache=Path(scratch) / "cache", progress=lambda phase, fraction: None)
    return folder


def _describe(writer: gguf.GGUFWriter, config: LlamaConfig) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(cast(int, config.num_key_value_heads))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def _add_vocabulary(writer: gguf.GGUFWriter, tokenizer: dict[str, Any]) -> None:
    special = {token["id"] for token in tokenizer["added_tokens"]}
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    kind = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(sorted(vocabulary, key=vocabulary.__getitem__))
    writer.add_token_types([kind.CONTROL if n in special else kind.NORMAL for n in range(len(vocabulary))])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template(CHATML)


def _interleaved(tensor: torch.Tensor, heads: int) -> torch.Tensor:
    """llama.cpp keeps the two halves of each rotary head interleaved."""
    rows, columns = tensor.shape
    return tensor.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns).contiguous()


def _byte_level(text: str, specials: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    return tokenizer


def _train_sentencepiece(folder: Path, corpus: Path | str, **options: Any) -> int:
    """Trains `folder`/spiece.model on the corpus (UTF-8 file or text) and returns its vocabulary size."""
    folder.mkdir(parents=True, exist_ok=True)
    text = corpus.read_text(encoding="utf-8") if isinstance(corpus, Path) else corpus
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for line in text.lower().splitlines() if line.strip()),
        model_prefix=str(folder / "spiece"),
        vocab_size=4000,
        hard_vocab_limit=False,
        character_coverage=1.0,
        model_type="unigram",
        minloglevel=2,
        **options,
    )
    (folder / "spiece.vocab").unlink()
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model")).get_piece_size()


def _gpt2_config(vocabulary: int, bos: int, eos: int) -> GPT2Config:
    return GPT2Config(
        vocab_size=vocabulary,
        n_positions=CONTEXT,
        n_embd=64,
        n_layer=2,
        n_head=4,
        bos_token_id=bos,
        eos_token_id=eos,
    )


def _save_random(model: Callable[[Any], PreTrainedModel], config: PreTrainedConfig, folder: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model(config).save_pretrained(folder)


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
