"""Imports from the command line: what they tell, and how far they are."""

import json
import os
import pty
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.fakes.command_line import COMMAND, Run, environment
from tests.fakes.slack_export import busy_export


def test_importing_tells_what_was_stored_and_what_was_there(yamabiko: Run, home: Path) -> None:
    file = busy_export(home / "export.zip", days=11, a_day=100)
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
    file = busy_export(home / "export.zip", days=40, a_day=150)
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
