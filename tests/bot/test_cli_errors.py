"""The command line when something is wrong: one sentence on standard error, and nothing done."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.fakes.command_line import COMMAND, Run, environment


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("persona", "show", "nobody"), "There is no persona 'nobody'"),
        (("persona", "create", "echo"), "There is a persona 'echo' already"),
        (("persona", "create", "x/y"), "1 to 60 characters"),
        (("channel", "approve", "nowhere"), "There is no channel 'nowhere'"),
        (("role", "Ann", "king"), "There is no role 'king'"),
        (("role", "Zoe", "admin"), "There is no member 'Zoe'"),
        (("block", "Zoe"), "There is no member 'Zoe'"),
        (("unblock", "Ann"), "Ann is not blocked"),
        (("pause", "nowhere"), "There is no channel 'nowhere'"),
        (("resume",), "Not everything is paused, so there is nothing to resume; paused: general."),
        (("reply", "delete", "99"), "There is no reply 99; `yamabiko replies` lists them."),
        (("consent", "Ann"), "Say what this consent rests on"),
        (("permit-training", "Elsewhere", "--ground", "x"), "There is no workspace 'Elsewhere'"),
        (("review", "--approve", "999"), "At least one of these messages does not exist"),
        (("train", "echo"), "has not ended; wait for it, or `yamabiko cancel 3`"),
        (("cancel", "99"), "There is no run 99"),
        (("promote", "echo", "9"), "echo has no adapter 9"),
        (("promote", "echo", "1"), "speaks with adapter 1 already"),
        (("reject", "echo", "1"), "roll echo back before rejecting it"),
        (("rollback", "夜の山彦"), "there is nothing to go back to"),
        (("import", "slack-export", "nowhere.zip"), "nowhere.zip"),
        (("import", "text", "nowhere.txt"), "nowhere.txt"),
        (("say", "nobody", "hello"), "There is no persona 'nobody'"),
        (("compare", "nobody"), "There is no persona 'nobody'"),
        (("--config", "nowhere.toml", "runs"), "there is no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_error_is_one_sentence_on_standard_error(
    yamabiko: Run, filled: Path, words: tuple[str, ...], told: str
) -> None:
    for form in (words, (*words, "--json")):
        status, output, errors = yamabiko(*form)
        assert (status, output) == (1, "")
        sentence = errors.splitlines()[-1]
        assert told in sentence
        assert sentence.endswith(".")
        assert "Traceback" not in errors


def test_a_wrong_recipe_on_the_command_line_is_one_sentence(yamabiko: Run, filled: Path) -> None:
    for words in (("persona", "edit", "echo"), ("train", "夜の山彦")):
        status, _, errors = yamabiko(*words, "--recipe", "epoch=2")
        assert status == 1
        assert len(errors.splitlines()) == 1
        assert "has no 'epoch'" in errors


@pytest.mark.parametrize(
    "words",
    [
        ("consent", "--ground", "x"),
        ("consent", "Ann", "--everyone", "--ground", "x"),
        ("consent", "Ann", "--ground", "x", "--purpose", "fun"),
        ("review",),
        ("review", "general", "--state", "lost"),
        ("persona", "edit", "echo", "--recipe", "epochs"),
    ],
    ids=" ".join,
)
def test_a_command_written_wrongly_is_explained_and_does_nothing(
    yamabiko: Run, filled: Path, words: tuple[str, ...]
) -> None:
    before = yamabiko("members", "--json")[1], yamabiko("persona", "show", "echo", "--json")[1]
    status, output, errors = yamabiko(*words)
    assert (status, output) == (2, "")
    assert "Usage: yamabiko" in errors
    assert before == (yamabiko("members", "--json")[1], yamabiko("persona", "show", "echo", "--json")[1])


def test_a_data_folder_that_cannot_be_made_is_one_sentence(yamabiko: Run, home: Path) -> None:
    (home / "data").write_text("a file in its place")
    status, _, errors = yamabiko("runs")
    assert status == 1
    assert re.fullmatch(r"The data folder .*/data cannot be made .*; mend \[storage\] folder or its rights\.\n", errors)


def test_a_file_that_is_no_database_is_one_sentence(yamabiko: Run, home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "yamabiko.db").write_bytes(b"not a database, " * 100)
    status, _, errors = yamabiko("runs")
    assert status == 1
    assert re.fullmatch(r"The database at .* cannot be used; check .*\.\n", errors)


def test_a_real_process_ends_with_status_1_and_one_line(home: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "persona", "show", "nobody"], cwd=home, env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is no persona 'nobody'; `yamabiko persona list` shows them.\n"
