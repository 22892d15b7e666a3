"""Vocabularies trained by SentencePiece that GPT-2 models bring as a bare `spiece.model`.

Owns turning such a file into a fast tokenizer that cuts text exactly as SentencePiece does. Needed because
transformers 5 reads these layouts wrong: T5Tokenizer takes id 2 for the unknown token, which is the end of
sequence in rinna's vocabulary, forgets `do_lower_case`, and ends every prompt with `</s>`. Knows no weights.
"""

from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from db.words import say
from trainer.base.manifest import BaseUnavailable

NAMED_SO = ("T5Tokenizer", "T5TokenizerFast", "BertGenerationTokenizer")

_SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token", "mask_token")
_UNIGRAM = 1
_PROBES = (
    "親譲りの無鉄砲で小供の時から損ばかりしている。",
    "  The  quick\tbrown fox、ＡＢＣ １２３!  ",
    "龘と𠮷野家の鷗、😀 ﾊﾝｶｸ が",
)


def read_sentencepiece(path: Path, config: dict[str, Any]) -> PreTrainedTokenizerFast:
    """The tokenizer of a unigram `spiece.model`. `config` is tokenizer_config.json. Raises BaseUnavailable.

    Nothing is added to a text by itself: neither a beginning nor an end of sequence.
    """
    # Its classes are made when it is imported, where a type checker cannot see them.
    model: Any = vars(sentencepiece_model_pb2)["ModelProto"]()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise BaseUnavailable(say("{path} is damaged: download the base again.", path=path)) from error
    lower = bool(config.get("do_lower_case"))
    pieces = {piece.piece for piece in model.pieces}
    special = {name: _text(config.get(name)) for name in _SPECIAL}
    special.setdefault("unk_token", model.trainer_spec.unk_piece)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_backend(model, lower),
        clean_up_tokenization_spaces=False,
        **{name: token for name, token in special.items() if token in pieces},
    )
    _compare(tokenizer, path, lower)
    return tokenizer


def _backend(model: Any, lower: bool) -> Tokenizer:
    """The same pieces, scores, normalisation and word marks, in the tokenizers library's terms."""
    cut, spec = model.trainer_spec, model.normalizer_spec
    if cut.model_type != _UNIGRAM:
        raise BaseUnavailable(say("spiece.model is not a unigram vocabulary: give a base that has a tokenizer.json."))
    scores = [(piece.piece, piece.score) for piece in model.pieces]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=cut.unk_id, byte_fallback=cut.byte_fallback))
    steps: list[normalizers.Normalizer] = [normalizers.Lowercase()] if lower else []
    if spec.precompiled_charsmap:
        steps.append(normalizers.Precompiled(spec.precompiled_charsmap))
    if spec.remove_extra_whitespaces:
        steps += [normalizers.Replace(Regex("^ +| +$"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    tokenizer.normalizer = normalizers.Sequence(steps)
    scheme = "always" if spec.add_dummy_prefix else "never"
    split = cut.split_by_whitespace
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    return tokenizer


def _compare(tokenizer: PreTrainedTokenizerFast, path: Path, lower: bool) -> None:
    original = SentencePieceProcessor(model_file=str(path))
    for probe in _PROBES:
        expected = original.encode(probe.lower() if lower else probe)
        if tokenizer.encode(probe, add_special_tokens=False) != expected:
            raise BaseUnavailable(
                say("{path} cannot be converted faithfully: give a base that has a tokenizer.json.", path=path)
            )


def _text(token: Any) -> str | None:
    """A special token as configs write it: a string, or a dict with its content."""
    return token.get("content") if isinstance(token, dict) else token
