"""The doctor: each failure by itself, with what to do about it."""

import json
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import cli, doctor
from bot.cli import common
from bot.config import BotConfig
from bot.doctor import Finding
from db import config, heartbeats, migrate
from db.session import open_engine, sessions_of, transaction

STAND_IN = """
class cuda:
    is_available = lambda: False
class ops:
    class mkldnn:
        _is_mkldnn_bf16_supported = lambda: False
__version__ = "stand-in"
get_num_threads = lambda: 2
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, where a stand-in answers for torch, whose import takes seconds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torch.py").write_text(STAND_IN)


async def found(**options: float) -> dict[str, Finding]:
    return {finding.what: finding for finding in await doctor.examine(**options)}


async def test_a_fresh_folder_is_sound_and_says_what_comes_by_itself(tmp_path: Path) -> None:
    (tmp_path / "torch.py").unlink()
    findings = await found()
    assert all(finding.ok for finding in findings.values())
    assert findings["database"].detail == "sqlite"
    assert findings["migrations"].advice == "They are applied at the next start."
    assert "`yamabiko prepare smollm2`" in findings["base"].advice
    assert findings["torch"].detail.startswith("2.")
    assert " on cpu, " in findings["torch"].detail or " on cuda, " in findings["torch"].detail


async def test_without_bf16_the_doctor_says_what_is_used_instead() -> None:
    assert (await found())["torch"].detail == "stand-in on cpu, 2 threads, no bf16, so fp32"


async def test_a_migrated_database_and_a_living_trainer_are_seen() -> None:
    engine = open_engine(config.load(BotConfig).database_url)
    await migrate.upgrade(engine)
    assert (await found())["trainer"].detail == "not running"
    async with transaction(sessions_of(engine)) as session:
        await heartbeats.beat(session, "trainer", "host:1", {}, datetime.now(UTC))
    await engine.dispose()
    findings = await found()
    assert findings["migrations"].detail == "up to date"
    assert (findings["trainer"].detail, findings["trainer"].advice) == ("alive", "")


async def test_a_bad_config_is_the_only_other_finding(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[chat]\ncontext_dys = 3\n")
    findings = await found()
    assert list(findings) == ["python", "config"]
    assert not findings["config"].ok
    assert "[chat] has no key 'context_dys'" in findings["config"].detail
    assert findings["config"].advice == "Mend the file and look again."


async def test_a_postgresql_that_does_not_answer_hides_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"postgresql+psycopg://bot:secret@127.0.0.1:{port}/yamabiko"
    monkeypatch.setenv("YAMABIKO_DATABASE__URL", url)
    findings = await found()
    assert [what for what, finding in findings.items() if not finding.ok] == ["database"]
    assert f"127.0.0.1:{port}/yamabiko" in findings["database"].detail
    assert "secret" not in findings["database"].detail
    assert findings["database"].advice == "Start it, or mend [database] url."
    assert "torch" in findings


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name"])
async def test_an_address_that_is_no_database_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("YAMABIKO_DATABASE__URL", url)
    database = (await found())["database"]
    assert not database.ok
    assert "postgresql+psycopg://USER:PASSWORD@HOST/NAME" in database.detail
    assert database.advice == "Mend [database] url and look again."


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "yamabiko.db").write_bytes(b"not a database, " * 100)
    database = (await found())["database"]
    assert not database.ok
    assert "cannot be used" in database.detail


async def test_too_little_disk_is_told_with_how_much_is_needed() -> None:
    disk = (await found(needed_disk_gb=1e6))["disk"]
    assert not disk.ok
    assert disk.advice == "Free some space: 1e+06 GB are needed for a base and its adapters."
    assert disk.detail.endswith("GB free")


async def test_a_data_folder_that_cannot_be_made_is_told_and_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in its place")
    findings = await found()
    assert not findings["disk"].ok
    assert "mend [storage] folder" in findings["disk"].detail
    assert not findings["database"].ok
    assert findings["torch"].ok


async def test_a_prepared_base_is_seen() -> None:
    settings = config.load(BotConfig)
    settings.base_folder("smollm2").mkdir(parents=True)
    (settings.base_folder("smollm2") / "base.json").write_text("{}")
    assert (await found())["base"] == Finding("base", True, "smollm2 is prepared")


async def test_a_broken_torch_is_told(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch is missing')")
    torch = (await found())["torch"]
    assert not torch.ok
    assert "libtorch is missing" in torch.detail
    assert torch.advice.startswith("Install it again")


async def test_a_mistake_in_the_trainers_own_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[trainer]\nmember_cup = 5\n")
    found_config = (await found())["config"]
    assert not found_config.ok
    assert "[trainer] has no key 'member_cup'" in found_config.detail


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["yamabiko", "doctor", *words])
    monkeypatch.setattr(common.out, "_width", 80)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_command_speaks_json_and_its_status_tells_the_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert all(set(one) == {"what", "ok", "detail", "advice"} for one in report["findings"])
    (tmp_path / "config.toml").write_text("[storag]\n")
    assert run(monkeypatch, "--json") == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_people_see_a_mark_a_fact_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text("[storag]\n")
    assert run(monkeypatch) == 1
    output = capsys.readouterr().out
    assert "✓ python: 3." in output
    assert "✗ config: config.toml: there is no table [storag]" in " ".join(output.split())
    assert "Mend the file and look again." in output
