"""`python -m trainer` as a process of its own: what it prints, how it stops, and what its successor finds."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from db import heartbeats
from db.session import Sessions, reading
from tests.fakes.models import tiny_llama
from tests.trainer.conftest import ENDLESS, QUICK, Shop, open_shop, until
from trainer.config import TrainerConfig

ROOT = Path(__file__).parents[2]
LONGER = {**ENDLESS, "epochs": 200}  # more than a second, after which the child keeps a checkpoint


class Program:
    """`python -m trainer …` as a process of its own, on the shop's database and folder."""

    def __init__(self, shop: Shop, mode: str) -> None:
        self.log = shop.folder / f"{mode}.log"
        url = shop.sessions.kw["bind"].url.render_as_string(hide_password=False)
        settings = {
            "YAMABIKO_DATABASE__URL": url,
            "YAMABIKO_STORAGE__FOLDER": str(shop.folder),
            "YAMABIKO_TRAINER__THREADS": "1",
            "YAMABIKO_TRAINER__POLL_SECONDS": "0.1",
            "YAMABIKO_TRAINER__CHECKPOINT_SECONDS": "1",
            "YAMABIKO_TRAINER__MIN_CHARACTERS": "1",
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "trainer", mode],
                cwd=ROOT,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stderr=log,
            )

    async def ends(self, within: float) -> int:
        return await asyncio.to_thread(self.process.wait, within)


@pytest.fixture
def program() -> Iterator[Callable[[Shop, str], Program]]:
    started: list[Program] = []

    def start(shop: Shop, mode: str) -> Program:
        started.append(Program(shop, mode))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture
async def real_shop(sqlite_sessions: Sessions, tmp_path: Path, bases: Callable[[str], Path]) -> Shop:
    """A shop whose base lies where the program looks for it."""
    settings = TrainerConfig.model_validate({"storage": {"folder": tmp_path}})
    settings.base_folder("llama").parent.mkdir(parents=True)
    settings.base_folder("llama").symlink_to(bases("llama"))
    return await open_shop(sqlite_sessions, tmp_path, settings.base_folder)


async def checkpointed(shop: Shop, number: int, attempt: int) -> None:
    file = shop.places.runs / str(number) / str(attempt) / "checkpoint.safetensors"

    async def there() -> object:
        return file.exists()

    await until(there)


def below(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


async def all_gone(processes: list[psutil.Process], seconds: float = 10) -> None:
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, seconds)
    assert alive == []


@pytest.mark.long
async def test_what_a_killed_trainer_leaves_is_taken_up_from_its_checkpoint_after_the_lease(
    real_shop: Shop, program: Callable[[Shop, str], Program]
) -> None:
    number = await real_shop.enqueue(LONGER)
    first = program(real_shop, "once")
    await checkpointed(real_shop, number, 1)
    orphans = below(first.process)
    assert orphans
    first.process.kill()
    await all_gone(orphans)
    done = len(await real_shop.steps(number))
    assert not await real_shop.worker().run_next()  # its lease has not lapsed
    await real_shop.lapse(number)
    second = program(real_shop, "once")
    assert await second.ends(within=200) == 0
    await check_taken_up(real_shop, number, done)


async def check_taken_up(shop: Shop, number: int, done: int) -> None:
    run = await shop.run(number)
    assert (run.status, run.attempt) == ("succeeded", 2), run.reason
    steps = await shop.steps(number)
    (adapter,) = await shop.adapters()
    again = [step for attempt, step in steps if attempt == 2]
    assert 1 < again[0] <= done + 1  # from the checkpoint, not from the beginning
    assert again == list(range(again[0], adapter.figures["plan"]["steps"] + 1))
    assert shop.leftovers() == []


@pytest.mark.long
@pytest.mark.parametrize("mode", ["run", "once"])
async def test_sigterm_hands_the_run_back_at_once_and_keeps_its_checkpoint(
    real_shop: Shop, program: Callable[[Shop, str], Program], mode: str
) -> None:
    number = await real_shop.enqueue(LONGER)
    first = program(real_shop, mode)
    await checkpointed(real_shop, number, 1)
    kin = below(first.process)
    first.process.send_signal(signal.SIGTERM)
    assert await first.ends(within=5) == 0
    await all_gone(kin, seconds=0)
    run = await real_shop.run(number)
    assert (run.status, run.claimed_by) == ("queued", None)
    done = len(await real_shop.steps(number))
    assert await real_shop.worker().run_next()
    await check_taken_up(real_shop, number, done)


@pytest.mark.parametrize("mode", ["once", pytest.param("run", marks=pytest.mark.long)])
async def test_sigterm_ends_the_program_in_the_midst_of_a_run(
    real_shop: Shop, program: Callable[[Shop, str], Program], mode: str
) -> None:
    number = await real_shop.enqueue(ENDLESS)
    first = program(real_shop, mode)

    async def in_training() -> object:
        return await real_shop.steps(number)

    await until(in_training)
    kin = below(first.process)
    first.process.send_signal(signal.SIGTERM)
    assert await first.ends(within=5) == 0
    await all_gone(kin, seconds=0)
    assert (await real_shop.run(number)).status == "queued"
    async with reading(real_shop.sessions) as session:
        assert await heartbeats.alive(session, "trainer", datetime.now(UTC)) == []


@pytest.mark.long
async def test_once_works_until_nothing_waits_and_says_it_is_alive_meanwhile(
    real_shop: Shop, program: Callable[[Shop, str], Program]
) -> None:
    number = await real_shop.enqueue(QUICK)
    one = program(real_shop, "once")

    async def alive() -> object:
        async with reading(real_shop.sessions) as session:
            return await heartbeats.alive(session, "trainer", datetime.now(UTC))

    await until(alive)
    assert await one.ends(within=60) == 0
    assert (await real_shop.run(number)).status == "succeeded"
    assert not await alive()


def trainer(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    return subprocess.run(
        [sys.executable, "-m", "trainer", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_prepare_reports_its_phases_and_its_end_as_json_lines(tmp_path: Path) -> None:
    source = tiny_llama(tmp_path / "source")
    (tmp_path / "config.toml").write_text(f'[bases.sources]\ntiny = "{source}"\n', encoding="utf-8")
    ended = trainer("prepare", "tiny", "--json", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    *phases, done = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {phase["event"] for phase in phases} == {"phase"}
    assert {"reading weights", "writing", "checking"} <= {phase["name"] for phase in phases}
    assert all(phase["fraction"] is None or 0 <= phase["fraction"] <= 1 for phase in phases)
    assert done.keys() == {"event", "parameters", "context"}
    assert (done["event"], done["context"]) == ("done", 512)
    assert len(list((tmp_path / "data" / "bases").glob("tiny-*/base.json"))) == 1


def test_preparing_what_is_not_there_fails_with_one_sentence(tmp_path: Path) -> None:
    ended = trainer("prepare", str(tmp_path / "nothing"), "--json", folder=tmp_path)
    assert ended.returncode == 1
    (failed,) = [event for line in ended.stdout.splitlines() if (event := json.loads(line))["event"] == "failed"]
    assert failed["code"] == "base_unavailable"
    assert "nothing" in failed["detail"]
    assert "Traceback" not in ended.stderr


def test_device_says_in_one_line_of_json_what_torch_computes_on(tmp_path: Path) -> None:
    ended = trainer("device", folder=tmp_path)
    found = json.loads(ended.stdout)
    assert found["device"] in ("cpu", "cuda")
    assert found["threads"] >= 1
    assert isinstance(found["bf16"], bool)
    assert found["torch"][0].isdigit()


@pytest.mark.parametrize("command", ["run", "once", "prepare"])
def test_a_setting_that_does_not_exist_is_refused_with_one_sentence(tmp_path: Path, command: str) -> None:
    (tmp_path / "config.toml").write_text("[trainer]\nspeed = 11\n", encoding="utf-8")
    arguments: tuple[str, ...] = (command, "tiny") if command == "prepare" else (command,)
    ended = trainer(*arguments, folder=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.strip() == "config.toml: [trainer] has no key 'speed'; config.example.toml lists them all."
    assert ended.stdout == ""


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    url = "postgresql+psycopg://echo:secret@127.0.0.1:1/echo"
    ended = trainer("once", folder=tmp_path, YAMABIKO_DATABASE__URL=url)
    assert ended.returncode == 1
    (sentence,) = ended.stderr.strip().splitlines()
    assert "127.0.0.1:1/echo" in sentence
    assert "[database] url" in sentence
    assert "secret" not in sentence


async def test_why_a_run_ended_is_told_in_the_config_s_language_whoever_started_the_trainer(
    real_shop: Shop, program: Callable[[Shop, str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("YAMABIKO_LANGUAGE__DEFAULT", "ja")
    skipped = await real_shop.enqueue(messages=1)
    assert await program(real_shop, "once").ends(within=120) == 0
    assert (await real_shop.run(skipped)).reason.startswith("このペルソナにはまだ学習元がありません。")
    failed = await real_shop.enqueue({**QUICK, "target_modules": ["no_such_layer"]})  # which the child finds out
    assert await program(real_shop, "once").ends(within=120) == 0
    assert (await real_shop.run(failed)).reason.startswith("学習レシピの target_modules に当てはまる層が")
