"""A child process and its pipes: what is heard, how it is stopped, and what its end is called."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from trainer.child import CANCEL_WITHIN_S, Child, ChildFailed
from trainer.outcome import Figures, sentence

Start = Callable[[str], Any]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start a child that runs the given code."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def begin(code: str) -> Child:
        head = "import os, signal, sys, time\nsay = lambda text: print(text, flush=True)\n"
        (tmp_path / "speaker.py").write_text(head + code, encoding="utf-8")
        return await Child.start(["speaker"], tmp_path / "log")

    return begin


async def heard(child: Child) -> list[dict[str, Any]]:
    return [event async for event in child.events()]


async def failure(child: Child) -> ChildFailed:
    with pytest.raises(ChildFailed) as failed:
        await heard(child)
    return failed.value


async def test_events_come_in_order_and_whatever_their_length(start: Start) -> None:
    child = await start("""for n in (1, 10, 1_000_000): say('{"event": "e", "text": "' + "x" * n + '"}')""")
    assert [len(event["text"]) for event in await heard(child)] == [1, 10, 1_000_000]


async def test_a_failure_that_is_reported_keeps_its_code_and_its_words(start: Start) -> None:
    child = await start("""say('{"event": "failed", "code": "bad_input", "detail": "Add text."}')""")
    failed = await failure(child)
    assert (failed.code, failed.detail, sentence(failed)) == ("bad_input", "Add text.", "Add text.")
    await child.kill()


@pytest.mark.parametrize(
    ("name", "code"),
    [("SIGKILL", "killed"), ("SIGTERM", "killed"), ("SIGSEGV", "crashed"), ("SIGABRT", "crashed")],
)
async def test_a_signal_from_outside_and_a_crash_are_told_apart(start: Start, name: str, code: str) -> None:
    child = await start(f"os.kill(os.getpid(), signal.{name})")
    failed = await failure(child)
    assert (failed.code, failed.detail) == (code, f"signal {signal.Signals[name].value}")
    assert "memory" in sentence(failed)


async def test_a_child_killed_in_the_midst_of_a_line_is_called_killed(start: Start) -> None:
    code = """say('{"event": "e"}'); os.write(1, b'{"event": "answ'); os.kill(os.getpid(), signal.SIGKILL)"""
    assert (await failure(await start(code))).code == "killed"


async def test_an_end_without_a_report_is_told_by_the_last_line_of_the_log(start: Start) -> None:
    failed = await failure(await start("raise SystemExit('no such library')"))
    assert (failed.code, failed.detail) == ("error", "no such library")
    assert (await failure(await start("sys.stderr.close(); os._exit(3)"))).code == "error"


async def test_an_end_without_any_word_says_so(start: Start) -> None:
    assert (await failure(await start("os._exit(3)"))).detail == "it ended without a word"


async def test_cancelling_is_heard_by_the_child_first(start: Start) -> None:
    child = await start("assert sys.stdin.readline() == 'cancel\\n'; say('{\"event\": \"heard\"}')")
    await child.cancel()
    assert await heard(child) == [{"event": "heard"}]


async def test_a_child_that_does_not_listen_is_killed_within_two_seconds(start: Start) -> None:
    child = await start("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    began = time.monotonic()
    await child.cancel()
    assert CANCEL_WITHIN_S <= time.monotonic() - began < CANCEL_WITHIN_S + 1
    assert (await failure(child)).code == "killed"


async def test_cancelling_and_killing_what_has_ended_is_no_error_and_leaves_no_zombie(start: Start) -> None:
    child = await start("pass")
    assert await heard(child) == []
    await child.cancel()
    await child.kill()
    assert psutil.Process(os.getpid()).children() == []


def test_answers_are_kept_by_the_prompt_they_answer() -> None:
    figures = Figures(["Hello?", "And now?"])
    figures.take({"event": "answers", "who": "base", "answers": ["hi", "well"]})
    assert figures.as_json()["answers"] == {"base": {"Hello?": "hi", "And now?": "well"}}


def test_what_nobody_foresaw_is_a_sentence_without_its_text() -> None:
    said = sentence(ValueError("somebody's secret"))
    assert said == "Something unforeseen happened (ValueError); see the trainer's log."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "The disk is full."),
        (MemoryError(), "not enough memory"),
        (ChildFailed("error", ""), "without saying why"),
    ],
)
def test_known_troubles_have_sentences_of_their_own(error: Exception, words: str) -> None:
    assert words in sentence(error)
