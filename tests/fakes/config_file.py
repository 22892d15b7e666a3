"""A config file a test writes, and the one sentence with which it is refused."""

from pathlib import Path

import pytest

from bot.config import BotConfig
from db.config import ConfigRefused, load


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "yamabiko.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigRefused) as refused:
        load(BotConfig, written(tmp_path, text))
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence
