"""What can go wrong with a run, each time for real: how it ends, what is said, that the next one works."""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy.exc import OperationalError

from db import runs
from db.models import Run
from db.session import Sessions, transaction
from tests.trainer.conftest import ENDLESS, QUICK, Shop, open_shop, until, working
from trainer.attempt import Places


def children(of: int | None = None) -> list[psutil.Process]:
    """The training children that live below a process."""
    found = []
    for process in psutil.Process(of).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.status() == psutil.STATUS_ZOMBIE or "trainer.train" in process.cmdline():
                found.append(process)
    return found


async def in_training(shop: Shop, number: int) -> None:
    async def steps() -> object:
        return await shop.steps(number)

    await until(steps)


async def it_works_again(shop: Shop) -> None:
    assert children() == []
    run = await shop.trains()
    assert run.status == "succeeded", run.reason
    assert shop.leftovers() == []


async def check_failed(shop: Shop, number: int, words: str) -> None:
    run = await shop.run(number)
    assert (run.status, run.phase, run.lease_until) == ("failed", "", None)
    assert words in run.reason
    assert (await shop.told())[-1] == {"run": number, "status": "failed", "reason": run.reason}
    assert shop.leftovers() == []
    assert await shop.adapters() == []


async def test_a_killed_child_fails_the_run_and_the_next_one_works(shop: Shop) -> None:
    number = await shop.enqueue(ENDLESS)
    async with working(shop.worker()) as work:
        await in_training(shop, number)
        (child,) = children()
        child.kill()
        await work
    await check_failed(shop, number, "killed from outside, most often because the machine ran out of memory")
    await it_works_again(shop)


@pytest.mark.long
async def test_a_loss_that_is_no_number_fails_the_run_and_the_next_one_works(shop: Shop) -> None:
    wild = {"learning_rate": 1e8, "alpha": 4096, "warmup_ratio": 0, "target_modules": ["q_proj", "k_proj"]}
    run = await shop.trains({**QUICK, "epochs": 20, **wild})
    await check_failed(shop, run.id, "Lower `learning_rate`")
    await it_works_again(shop)


@pytest.mark.long
async def test_a_child_that_needs_more_memory_than_allowed_fails_the_run(shop: Shop) -> None:
    run = await shop.trains({**QUICK, "rank": 512, "batch": 4096}, memory_limit_mb=330)
    # Where the limit is met in the midst of a library, the child dies before it can say why.
    assert run.reason.startswith(("There was not enough memory", "The training process crashed"))
    await check_failed(shop, run.id, "Lower `batch` or `block`")
    await it_works_again(shop)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of four megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.long
async def test_a_full_disk_fails_the_run_and_with_room_the_next_one_works(shop: Shop, small_disk: Path) -> None:
    shop.places = Places(small_disk / "runs", small_disk / "adapters", shop.places.base)
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"0" * 4096):
            pass
    os.truncate(filler, filler.stat().st_size - 300_000)  # room for the text, but not for the adapter
    run = await shop.trains({**QUICK, "rank": 512})
    await check_failed(shop, run.id, "The disk is full.")
    filler.unlink()
    await it_works_again(shop)


async def test_a_run_is_cancelled_within_about_two_seconds(shop: Shop) -> None:
    number = await shop.enqueue(ENDLESS)
    async with working(shop.worker()) as work:
        await in_training(shop, number)
        async with transaction(shop.sessions) as session:
            await runs.request_cancel(session, number, datetime.now(UTC))
        began = time.monotonic()
        await work
    assert time.monotonic() - began < 3.5
    run = await shop.run(number)
    assert (run.status, run.reason) == ("cancelled", "Cancelled.")
    assert (await shop.told())[-1]["status"] == "cancelled"
    assert await shop.adapters() == []
    await it_works_again(shop)


@pytest.mark.long
async def test_a_child_deaf_to_the_wish_is_killed_and_the_run_is_still_called_cancelled(shop: Shop) -> None:
    number = await shop.enqueue(ENDLESS)
    async with working(shop.worker()) as work:
        await in_training(shop, number)
        (child,) = children()
        child.suspend()
        async with transaction(shop.sessions) as session:
            await runs.request_cancel(session, number, datetime.now(UTC))
        await work
    run = await shop.run(number)
    assert (run.status, run.reason) == ("cancelled", "Cancelled.")
    assert children() == []


async def test_a_recipe_out_of_range_fails_the_run_with_its_own_sentence(shop: Shop) -> None:
    run = await shop.trains({"rank": 4096})
    await check_failed(shop, run.id, "The recipe's rank must lie between 1 and 512, not at 4096.")


@pytest.mark.long
async def test_a_recipe_that_does_not_fit_the_base_fails_the_run_with_a_sentence(shop: Shop) -> None:
    run = await shop.trains({**QUICK, "target_modules": ["flux_capacitor"]})
    await check_failed(shop, run.id, "flux_capacitor")


async def test_a_base_that_cannot_be_found_fails_the_run_with_a_sentence(
    sqlite_sessions: Sessions, tmp_path: Path, bases: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_STORAGE__FOLDER", str(tmp_path))
    shop = await open_shop(sqlite_sessions, tmp_path, bases, base="missing")
    run = await shop.trains()
    await check_failed(shop, run.id, "missing")
    assert run.reason.endswith(".")
    assert "log" not in run.reason


async def test_a_run_taken_over_by_another_attempt_writes_nothing_and_its_child_ends(shop: Shop) -> None:
    number = await shop.enqueue(ENDLESS)
    async with working(shop.worker()) as work:
        await in_training(shop, number)
        await shop.lapse(number)
        async with transaction(shop.sessions) as session:
            other = await runs.claim(session, "elsewhere", datetime.now(UTC))
        assert other is not None
        assert other.attempt == 2
        assert await asyncio.wait_for(work, 10)
    run = await shop.run(number)
    assert (run.status, run.claimed_by, run.attempt) == ("running", "elsewhere", 2)
    assert await shop.told() == []
    assert await shop.adapters() == []
    assert children() == []


async def test_a_worker_told_to_stop_hands_the_run_back_and_leaves_no_process(shop: Shop) -> None:
    number = await shop.enqueue(ENDLESS)
    async with working(shop.worker()) as work:
        await in_training(shop, number)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    run = await shop.run(number)
    assert (run.status, run.claimed_by, run.lease_until) == ("queued", None, None)
    assert children() == []
    assert [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_a_worker_told_to_stop_before_its_child_lives_leaves_none(shop: Shop) -> None:
    number = await shop.enqueue(ENDLESS)
    for pause in (0, 0.002, 0.004, 0.006, 0.02, 0.1, 0.2, 0.3, 0.4):  # claiming, reading, starting the child
        async with working(shop.worker()):
            await asyncio.sleep(pause)
        assert children() == []
        assert (await shop.run(number)).status == "queued"


async def test_a_database_that_is_away_for_a_while_does_not_end_the_trainer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await shop.enqueue()
    claim, refused = runs.claim, 0

    async def away(*given: Any) -> Run | None:
        nonlocal refused
        refused += 1
        if refused < 3:
            raise OperationalError("", {}, Exception("the server is gone"))
        return await claim(*given)

    monkeypatch.setattr(runs, "claim", away)
    stop = asyncio.Event()
    forever = asyncio.create_task(shop.worker().run_forever(0.05, stop))

    async def ended() -> object:
        return (await shop.run(number)).status == "succeeded"

    await until(ended)
    stop.set()
    await forever


async def test_a_base_that_is_a_model_on_a_server_fails_the_run_at_once(shop: Shop) -> None:
    shop.places = replace(shop.places, servers=frozenset({"llama"}))
    run = await shop.trains()
    await check_failed(shop, run.id, "llama is a model on a server and cannot be trained; give the persona a base")
