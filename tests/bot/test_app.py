"""What the composition root makes of the settings."""

from pathlib import Path

import pytest

from bot import app
from bot.config import BotConfig
from db import config
from tests.fakes.models import tiny_prepared


async def test_a_base_weighs_its_files_and_more_and_a_server_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_STORAGE__FOLDER", str(tmp_path))
    monkeypatch.setenv("YAMABIKO_BASES__SERVERS__HOUSE__URL", "http://localhost:1/v1")
    monkeypatch.setenv("YAMABIKO_BASES__SERVERS__HOUSE__MODEL", "m")
    settings = config.load(BotConfig)
    folder = tiny_prepared(settings.base_folder("tiny"))
    weights = (folder / "model.safetensors").stat().st_size
    assert weights < await app._weigh(settings, "tiny", print) < 3 * weights
    assert await app._weigh(settings, "house", print) == 0
