"""Imports from the command line: what they tell, and how far they are."""

import json
import os
import pty
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.fakes import discord_export, discord_package
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


def test_a_discord_export_tells_that_its_text_is_api_text(yamabiko: Run, home: Path) -> None:
    file = discord_export.busy_export(home / "general.json", 1200)
    status, output, _ = yamabiko("import", "discord-export", str(file), "--consent-ground", "signed forms")
    assert status == 0
    words = " ".join(output.split())
    assert words.startswith(
        "1,200 messages of 7 members stored. Consent recorded for 7 members. This text came through"
    )
    assert "not trained on until you record your ground with `yamabiko permit-training Harbour --ground …`" in words
    facts: dict[str, Any] = json.loads(yamabiko("import", "discord-export", str(file), "--json")[1])
    assert (facts["unchanged"], facts["members"], facts["resumed"]) == (1200, 7, False)
    assert json.loads(yamabiko("channel", "list", "--json")[1])[0]["name"] == "general"
    assert yamabiko("permit-training", "Harbour", "--ground", "Discord's letter of 2 May")[0] == 0


def test_a_discord_package_leaves_private_words_out_unless_asked(yamabiko: Run, home: Path) -> None:
    files = discord_package.channel(discord_package.GENERAL, discord_package.said("hello"))
    files |= discord_package.channel(discord_package.DIRECT, discord_package.said("a secret"))
    file = discord_package.package(home / "package.zip", files)
    status, output, _ = yamabiko("import", "discord-package", str(file))
    assert status == 0
    assert output.splitlines()[:2] == ["1 message of 1 member stored.", "  left out: 1 private"]
    assert "API" not in output
    facts = json.loads(yamabiko("import", "discord-package", str(file), "--direct-messages", "--json")[1])
    assert (facts["stored"], facts["unchanged"], facts["left_out"]) == (1, 1, {})
    names = {channel["name"] for channel in json.loads(yamabiko("channel", "list", "--json")[1])}
    assert names == {"Harbour/general", "direct-530"}
    assert yamabiko("channel", "approve", "Harbour/general", "--training")[0] == 0


def test_a_file_that_is_damaged_ends_in_one_sentence_that_says_what_was_kept(yamabiko: Run, home: Path) -> None:
    file = discord_export.busy_export(home / "general.json", 1200)
    file.write_bytes(file.read_bytes()[:-9000])
    status, output, error = yamabiko("import", "discord-export", str(file))
    assert (status, output) == (1, "")
    assert re.fullmatch(
        r"general\.json is no JSON, cut short or damaged: make it again\. 1,\d+ messages before it are kept; "
        r"with a whole file the import goes on from there\.",
        error.strip(),
    )


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
