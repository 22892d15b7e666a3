"""The tokenizer of a base: read as it was meant, and mended where a library or a file got it wrong.

Owns reading, mending and the choice of the padding token. Knows no weights.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from db.words import say
from trainer.base.manifest import BaseUnavailable
from trainer.base.sources import Found
from trainer.base.spiece import NAMED_SO, read_sentencepiece
from trainer.base.templates import after_a_reply

_PADDING = ("<|pad|>", "<pad>", "[PAD]", "<|padding|>", "<|finetune_right_pad_id|>", "<|endoftext|>")


def read_tokenizer(found: Found, context: int) -> PreTrainedTokenizerBase:
    """The base's tokenizer, limited to `context` tokens. Raises BaseUnavailable."""
    config = _config(found.folder) if found.gguf is None else {}
    if config.get("tokenizer_class") in NAMED_SO and (found.folder / "spiece.model").is_file():
        tokenizer = read_sentencepiece(found.folder / "spiece.model", config)
    else:
        tokenizer = _auto(found)
    if tokenizer.eos_token_id is None:
        raise BaseUnavailable(
            say("The tokenizer names no end-of-sequence token: add eos_token to tokenizer_config.json.")
        )
    tokenizer.model_max_length = context
    for accident in ("is_local", "local_files_only"):  # how it was read, which is not the folder's business
        tokenizer.init_kwargs.pop(accident, None)
    return tokenizer


def _config(folder: Path) -> dict[str, Any]:
    """tokenizer_config.json, and the class that config.json names where it names none."""
    named = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("tokenizer_class")
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {"tokenizer_class": named} | config


def _auto(found: Found) -> PreTrainedTokenizerBase:
    form = {"gguf_file": found.gguf} if found.gguf else {}
    try:
        return AutoTokenizer.from_pretrained(found.folder, trust_remote_code=False, **form)
    except Exception as error:
        # Loaders raise many kinds of errors; to the user they are one.
        raise BaseUnavailable(
            say("The tokenizer in {folder} cannot be read: is the download complete?", folder=found.folder)
        ) from error


def stops(tokenizer: PreTrainedTokenizerBase, named: Iterable[int]) -> tuple[int, ...]:
    """Every id that ends a reply.

    These are the tokenizer's own, the one its chat template writes behind a reply (Gemma's `<end_of_turn>` is
    not its end of sequence), and those `named` by the model's configs.
    """
    after = tokenizer.encode(after_a_reply(tokenizer), add_special_tokens=False)
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    taught = [number for number in after if number in special][:1]
    own = cast(int, tokenizer.eos_token_id)
    return tuple(dict.fromkeys([own, *taught, *named]))


def choose_padding(tokenizer: PreTrainedTokenizerBase, eos_token_ids: tuple[int, ...], rows: int) -> None:
    """Makes sure that padding is not mistaken for the end of a sequence.

    Training masks what is padded; were padding the end-of-sequence token, the model would never learn to
    stop. Another special token of the vocabulary is taken, within the model's `rows` embeddings; where there
    is none the padding token stays unset, and whoever makes batches masks by attention instead.
    """
    if tokenizer.pad_token_id is not None and tokenizer.pad_token_id not in eos_token_ids:
        return
    special = {token.content: number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    suits = (token for token in _PADDING if special.get(token, rows) < rows and special[token] not in eos_token_ids)
    tokenizer.pad_token = next(suits, None)


def writes_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether encoding puts a beginning-of-sequence token in front by itself."""
    return tokenizer.bos_token_id is not None and tokenizer("a").input_ids[0] == tokenizer.bos_token_id


def keeps_newlines(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a newline comes back from encoding and decoding."""
    return "\n" in str(tokenizer.decode(tokenizer.encode("a\nb", add_special_tokens=False)))
