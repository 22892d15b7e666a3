"""The command line: every command in JSON, and tables that fit eighty columns."""

import json
import re
import unicodedata
from pathlib import Path

import pytest

from tests.fakes.command_line import NOW, WHY, Run

LISTS = [
    ("channel", "list"),
    ("members",),
    ("review", "general"),
    ("review", "雑談"),
    ("replies",),
    ("persona", "list"),
    ("persona", "show", "echo"),
    ("runs",),
    ("adapters", "echo"),
    ("activations", "echo"),
]
CHANGES = [
    ("channel", "approve", "general", "--training"),
    ("channel", "close", "雑談"),
    ("role", "Ann", "admin"),
    ("consent", "Ann", "--no", "--ground", "told me"),
    ("block", "[Ben]", "--reason", "spam"),
    ("unblock", "山田太郎"),
    ("pause",),
    ("pause", "雑談"),
    ("resume", "general"),
    ("reply", "delete", "1"),
    ("reply", "delete", "2"),
    ("permit-training", "Harbour", "--ground", "an agreement"),
    ("review", "--approve", "1", "--leave-out", "2"),
    ("persona", "create", "third", "--base", "a/b", "--recipe", "epochs=2", "--sampling", "temperature=0.5"),
    ("persona", "edit", "echo", "--system", "Be brief."),
    ("persona", "delete", "echo"),
    ("train", "夜の山彦"),
    ("cancel", "3"),
    ("promote", "echo", "2"),
    ("reject", "echo", "2"),
    ("rollback", "echo", "--to", "0"),
]


@pytest.mark.parametrize("words", LISTS + CHANGES, ids=" ".join)
def test_every_command_speaks_json(yamabiko: Run, filled: Path, words: tuple[str, ...]) -> None:
    status, output, errors = yamabiko(*words, "--json")
    assert (status, errors) == (0, "")
    assert json.loads(output)


@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_every_change_is_told_to_people_within_eighty_columns(
    yamabiko: Run, filled: Path, words: tuple[str, ...]
) -> None:
    status, output, errors = yamabiko(*words)
    assert (status, errors) == (0, "")
    assert output.strip()
    assert max(columns(line) for line in output.splitlines()) <= 80


def test_every_table_fits_eighty_columns_whole_and_aligned_whatever_the_script(yamabiko: Run, filled: Path) -> None:
    for words in LISTS:
        status, output, errors = yamabiko(*words)
        assert (status, errors) == (0, "")
        lines = [line for line in output.splitlines() if not line.startswith("Run ")]
        widths = {columns(line) for line in lines}
        assert max(widths) <= 80, words
        assert len(widths) == 1 or words == ("runs",), words
        assert "…" not in output or words == ("replies",), words  # nothing is cut off


def columns(line: str) -> int:
    """How wide a terminal shows it: an East Asian wide character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def test_why_a_run_ended_stands_below_the_table(yamabiko: Run, filled: Path) -> None:
    _, output, _ = yamabiko("runs")
    assert " ".join(output.split()).endswith(f"Run 4 skipped: {WHY}")
    assert "120/1200" in output


def test_the_live_adapter_is_marked_and_numbers_are_readable(yamabiko: Run, filled: Path) -> None:
    _, output, _ = yamabiko("adapters", "echo")
    newest, oldest = [line for line in output.splitlines() if re.match(r"\s+\d", line)]
    assert "candidate" in newest
    assert "● live" in oldest
    assert "3.85 → 2.91" in oldest
    assert str(NOW.year - 1) in oldest or str(NOW.year - 2) in oldest


def test_brackets_in_what_people_write_are_shown_as_they_are(yamabiko: Run, filled: Path) -> None:
    assert "good morning [all]" in yamabiko("review", "general")[1]
    assert "[Ben]" in yamabiko("members")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("channel", "list"), "There is no text yet; `yamabiko import --help`"),
        (("members",), "Nobody has written yet."),
        (("persona", "list"), "There is no persona yet; `yamabiko persona create NAME` makes one."),
        (("replies",), "Nobody has asked anything yet; `yamabiko chat` does."),
        (("runs",), "Nothing has been trained yet; `yamabiko train PERSONA` does."),
    ],
)
def test_where_there_is_nothing_a_sentence_says_how_to_begin(yamabiko: Run, words: tuple[str, ...], told: str) -> None:
    status, output, _ = yamabiko(*words)
    assert status == 0
    assert told in output
    assert json.loads(yamabiko(*words, "--json")[1]) == []


def test_help_groups_the_commands_and_explains_each_in_a_sentence(yamabiko: Run) -> None:
    status, output, _ = yamabiko("--help")
    assert status == 0
    panels = re.findall(r"╭─ (.+?) ─", output)
    assert panels == ["Options", "Begin", "Talk", "Keep order", "Text, and who agreed to what", "Learn"]
    for command in ("import", "chat", "train", "persona", "doctor", "block", "reply"):
        assert re.search(rf"│ {command}\s+[A-Z]\S+", output), command


@pytest.mark.parametrize("group", ["import", "channel", "persona", "reply"])
def test_a_group_of_commands_explains_itself(yamabiko: Run, group: str) -> None:
    _, output, errors = yamabiko(group)
    assert "Commands" in output + errors
