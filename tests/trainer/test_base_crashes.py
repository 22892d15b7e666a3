"""What a crash, a second process or a full disk may do to a preparation: nothing that lasts."""

import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from tests.fakes.models import tiny_llama
from trainer.base import Manifest, prepare, read_manifest
from trainer.base.progress import Progress


def prepared(source: Path, folder: Path) -> Manifest:
    return prepare(str(source), folder, cache=folder.parent, progress=lambda phase, fraction: None)


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process of its own, with `prepare` imported, in the repository's folder."""
    start = "import sys\nfrom pathlib import Path\n"
    start += "from trainer.base import BaseUnavailable, prepare, read_manifest\n"
    return subprocess.Popen(
        [sys.executable, "-c", start + textwrap.dedent(code), *map(str, arguments)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_reading_a_manifest_does_not_load_torch(tmp_path: Path):
    prepared(tiny_llama(tmp_path / "source"), tmp_path / "base")
    code = "read_manifest(Path(sys.argv[1])); print('torch' in sys.modules, 'transformers' in sys.modules)"
    assert child(code, tmp_path / "base").communicate()[0].split() == ["False", "False"]


KILLED = """
import os, signal
def killed(phase, fraction):
    if phase == "checking" and fraction > 0.5:
        os.kill(os.getpid(), signal.SIGKILL)
prepare(sys.argv[1], Path(sys.argv[2]), cache=Path(sys.argv[2]).parent, progress=killed)
"""


def test_a_killed_preparation_leaves_no_base_and_the_next_one_clears_up(tmp_path: Path):
    source = tiny_llama(tmp_path / "source")
    process = child(KILLED, source, tmp_path / "bases" / "tiny")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "bases" / "tiny").exists()
    assert (tmp_path / "bases" / ".tiny.preparing" / "model.safetensors").exists()
    manifest = prepared(source, tmp_path / "bases" / "tiny")
    assert read_manifest(tmp_path / "bases" / "tiny") == manifest
    assert not (tmp_path / "bases" / ".tiny.preparing").exists()


def test_of_two_at_once_one_prepares_and_the_other_waits_for_it(tmp_path: Path):
    source, folder = tiny_llama(tmp_path / "source"), tmp_path / "base"
    at_work, other_waits = threading.Event(), threading.Event()
    phases: dict[str, list[str]] = {"first": [], "second": []}

    def first(phase: str, fraction: float | None) -> None:
        phases["first"].append(phase)
        at_work.set()
        assert other_waits.wait(60)

    def second(phase: str, fraction: float | None) -> None:
        phases["second"].append(phase)
        other_waits.set()

    results: list[Manifest] = []

    def work(progress: Progress) -> None:
        results.append(prepare(str(source), folder, cache=tmp_path, progress=progress))

    leading = threading.Thread(target=work, args=(first,))
    leading.start()
    assert at_work.wait(60)
    work(second)
    leading.join()
    assert results[0] == results[1]
    assert phases["second"] == ["waiting for another process"]
    assert "writing" in phases["first"]


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    folder = Path(sys.argv[2])
    prepare(sys.argv[1], folder, cache=folder.parent, progress=lambda phase, fraction: None)
except BaseUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize("room", [300, 100_000])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, room: int):
    said = child(FULL, tiny_llama(tmp_path / "source"), tmp_path / "bases" / "tiny", room).communicate()[0]
    assert "The disk is full: make room" in said
    assert {p.name for p in (tmp_path / "bases").iterdir()} <= {".tiny.lock"}
