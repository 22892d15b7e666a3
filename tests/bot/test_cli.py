"""The command line: every command in JSON, errors in one sentence, tables that fit eighty columns."""

import asyncio
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.cli import common
from bot.config import BotConfig
from db import channels, config, members, messages, personas, runs, workspaces
from db.messages import NewMessage
from db.session import Sessions, open_engine, sessions_of, transaction
from tests.bot.test_ingest import export_zip
from tests.fakes import community

COMMAND = [sys.executable, "-c", "from bot.cli import main; main()"]
NOW = datetime.now(UTC)
WHY = "Too little text to learn from: 3 messages where 8 are needed. Import more, or open more channels."

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for console in (common.out, common.err):
        monkeypatch.setattr(console, "_width", 80)
    return tmp_path


@pytest.fixture
def yamabiko(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command as the shell runs it: exit status, standard output, standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yamabiko", *words])
        capsys.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def filled(home: Path, migrated_sqlite: Path) -> Path:
    """Two workspaces, Japanese and English names, a persona with adapters and runs of every kind."""
    (home / "data").mkdir()
    shutil.copy(migrated_sqlite, home / "data" / "yamabiko.db")

    async def fill() -> None:
        engine = open_engine(config.load(BotConfig).database_url)
        await _rows(sessions_of(engine))
        await engine.dispose()

    asyncio.run(fill())
    return home


async def _rows(sessions: Sessions) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, NOW, "Ann", "山田太郎", "[Ben]")
        await place.says(
            session,
            NOW,
            ("Ann", "good morning [all]"),
            ("山田太郎", "おはようございます。今日は山に登ります。" * 4),
        )
        tokyo = await workspaces.ensure(session, "discord", "G1", "東京の山彦", NOW)
        channel = await channels.ensure(session, tokyo, "C9", "雑談", NOW)
        channel.state = "context"
        long = NewMessage("1", place.members["Ann"].id, NOW, f"see https://example.org/{'a' * 90} and say it again")
        await messages.store(session, channel, [long], "slack_export", NOW)
        await members.answer(session, [place.members["Ann"].id], "community", True, "form", "b", NOW)
        await members.answer(session, [place.members["Ann"].id], "voice", False, "form", "b", NOW)
        persona = await community.persona(session, NOW, place.channel, base="HuggingFaceTB/SmolLM2-135M-Instruct")
        figures = {"base": {"loss": 3.84512}, "candidate": {"loss": 2.91234}}
        first = await community.candidate(session, persona, NOW - timedelta(days=400), figures=figures)
        await community.candidate(session, persona, NOW, figures=figures)
        await personas.activate(session, persona, first, expected=None, by="shell:root", why="the first", now=NOW)
        skipped = await runs.enqueue(session, persona, kind="train", by="t", note="", settings={}, now=NOW)
        claimed = await runs.claim(session, "trainer", NOW)
        assert claimed is not None
        facts = {"step": 120, "steps": 1200, "loss": 3.21, "tokens_per_second": 50.0, "seconds_left": 7.0}
        runs.add_point(session, claimed, facts, NOW)
        await runs.renew(session, claimed, NOW, phase="preparing the base: converting weights")
        await session.refresh(skipped)
        other = await community.persona(session, NOW, name="夜の山彦")
        failed = await runs.enqueue(session, other, kind="train", by="t", note="", settings={}, now=NOW)
        claimed = await runs.claim(session, "trainer", NOW)
        assert claimed is not None
        assert claimed.id == failed.id
        await runs.end(session, claimed, "skipped", WHY, NOW)


LISTS = [
    ("channel", "list"),
    ("members",),
    ("review", "general"),
    ("review", "雑談"),
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
    ("permit-training", "Harbour", "--ground", "an agreement"),
    ("review", "--approve", "1", "--leave-out", "2"),
    ("persona", "create", "third", "--base", "tiny", "--recipe", "epochs=2", "--sampling", "temperature=0.5"),
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
        assert "…" not in output, words  # nothing is cut off


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
        (("runs",), "Nothing has been trained yet; `yamabiko train PERSONA` does."),
    ],
)
def test_where_there_is_nothing_a_sentence_says_how_to_begin(yamabiko: Run, words: tuple[str, ...], told: str) -> None:
    status, output, _ = yamabiko(*words)
    assert status == 0
    assert told in output
    assert json.loads(yamabiko(*words, "--json")[1]) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("persona", "show", "nobody"), "There is no persona 'nobody'"),
        (("persona", "create", "echo"), "There is a persona 'echo' already"),
        (("persona", "create", "x/y"), "1 to 60 characters"),
        (("channel", "approve", "nowhere"), "There is no channel 'nowhere'"),
        (("role", "Ann", "king"), "There is no role 'king'"),
        (("role", "Zoe", "admin"), "There is no member 'Zoe'"),
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


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "80"}


def test_help_groups_the_commands_and_explains_each_in_a_sentence(yamabiko: Run) -> None:
    status, output, _ = yamabiko("--help")
    assert status == 0
    panels = re.findall(r"╭─ (.+?) ─", output)
    assert panels == ["Options", "Begin", "Talk", "Text, and who agreed to what", "Learn"]
    for command in ("import", "chat", "train", "persona", "doctor"):
        assert re.search(rf"│ {command}\s+[A-Z]\S+", output), command


@pytest.mark.parametrize("group", ["import", "channel", "persona"])
def test_a_group_of_commands_explains_itself(yamabiko: Run, group: str) -> None:
    _, output, errors = yamabiko(group)
    assert "Commands" in output + errors


def test_importing_tells_what_was_stored_and_what_was_there(yamabiko: Run, home: Path) -> None:
    file = export_zip(home / "export.zip", days=11, a_day=100)
    status, output, _ = yamabiko("import", "slack-export", str(file))
    assert status == 0
    assert output.splitlines() == [
        "1,100 messages of 7 members stored.",
        "Nobody has agreed to training yet: see `yamabiko consent --help`.",
        "Next: `yamabiko channel list`, then `yamabiko channel approve NAME --training`.",
    ]
    _, output, _ = yamabiko("import", "slack-export", str(file), "--consent-ground", "signed forms")
    assert output.splitlines()[:2] == [
        "Nothing new: 1,100 messages had been stored before.",
        "Consent recorded for 7 members.",
    ]
    facts: dict[str, Any] = json.loads(yamabiko("import", "slack-export", str(file), "--json")[1])
    assert (facts["unchanged"], facts["members"], facts["resumed"]) == (1100, 7, False)


def test_a_text_file_is_imported_as_the_owners_own(yamabiko: Run, home: Path) -> None:
    file = home / "坊っちゃん.txt"
    file.write_text("親譲りの無鉄砲で小供の時から損ばかりしている。\n\n" * 20, encoding="utf-8")
    status, output, _ = yamabiko("import", "text", str(file))
    assert status == 0
    assert re.match(r"\d+ messages? stored\.\n", output)
    assert "agreed to training" not in output
    assert json.loads(yamabiko("channel", "list", "--json")[1])[0]["name"] == "坊っちゃん"


def test_an_import_on_a_terminal_shows_how_far_it_is(home: Path) -> None:
    file = export_zip(home / "export.zip", days=40, a_day=150)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "import", "slack-export", str(file)],
        cwd=home,
        env={**environment(), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = read_all(ours)
    assert process.wait(timeout=30) == 0
    parts = [int(part) for part in re.findall(r"(\d+) %", shown)]
    assert "importing" in shown
    assert parts == sorted(parts)
    assert len({part for part in parts if 0 < part < 100}) >= 2
    assert "6,000 messages of 7 members stored." in shown


def read_all(terminal: int) -> str:
    shown, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
    os.close(terminal)
    return shown.decode()
