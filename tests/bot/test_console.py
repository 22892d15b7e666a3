"""The terminal: lines in, pieces out, and a real `yamabiko chat` that follows a promotion."""

import asyncio
import hashlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select as query

from bot import app
from bot.chat.platform import Draft, Kind, NotShown
from bot.chat.verbs import personas, training
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.personas import Wishes
from bot.config import BotConfig
from bot.generation.engine import EngineUnavailable
from bot.platforms.console import Console, OneQuestion
from bot.prepare import BaseNotReady
from db import config, migrate
from db import personas as persona_rows
from db.models import Reply
from db.session import Sessions, open_engine, reading, sessions_of, transaction
from tests.fakes import community
from tests.fakes.adapters import random_adapter
from tests.fakes.command_line import Run
from tests.fakes.models import tiny_prepared

COMMAND = [sys.executable, "-c", "from bot.cli import main; main()"]
OWNER = Actor("shell:test", "owner")


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written here is typed."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield writer
    if writer >= 0:
        try:
            os.close(writer)
        except OSError:
            return  # the test closed it


async def heard(console: Console) -> list[str]:
    said: list[str] = []

    async def on_mention(mention) -> None:
        said.append(mention.text)

    await asyncio.wait_for(console.run(on_mention), 5)
    return said


async def test_the_end_of_input_ends_the_conversation(keyboard: int) -> None:
    os.write(keyboard, "hello\n\n  \n山彦 いる?\nlast".encode())
    os.close(keyboard)
    assert await heard(Console()) == ["hello", "山彦 いる?", "last"]


@pytest.mark.parametrize("word", ["exit", "quit", "  exit  "])
async def test_exit_ends_the_conversation(keyboard: int, word: str) -> None:
    os.write(keyboard, f"hello\n{word}\nnever\n".encode())
    assert await heard(Console()) == ["hello"]


async def test_bytes_that_are_no_text_do_not_end_the_conversation(keyboard: int) -> None:
    os.write(keyboard, b"\xff\xfe\nhello\nexit\n")
    assert (await heard(Console()))[1:] == ["hello"]


async def test_waiting_for_a_line_can_be_cancelled(keyboard: int) -> None:
    running = asyncio.create_task(heard(Console()))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 1)


def draft(pieces: AsyncIterator[str], kind: Kind = "answer") -> Draft:
    async def nothing(*_: str) -> None: ...

    return Draft("reply-1", pieces, kind, None, nothing, nothing)


async def said(*words: str) -> AsyncIterator[str]:
    for word in words:
        yield word


async def test_pieces_are_printed_as_they_come(keyboard: int, capsys: pytest.CaptureFixture[str]) -> None:
    console = Console("echo")
    seen: list[str] = []

    async def pieces() -> AsyncIterator[str]:
        for piece in ("Good ", "morning"):
            yield piece
            seen.append(capsys.readouterr().out)

    await console.show(console.mention("hi").where, draft(pieces()))
    assert seen == ["Good ", "morning"]
    assert capsys.readouterr().out == "\n"


async def test_an_answer_that_breaks_off_ends_its_line(keyboard: int, capsys: pytest.CaptureFixture[str]) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield "Good "
        raise EngineUnavailable("The engine was closed.")

    console = Console("echo")
    with pytest.raises(EngineUnavailable):
        await console.show(console.mention("hi").where, draft(pieces()))
    assert capsys.readouterr().out == "Good \n"


@pytest.mark.parametrize("console", [Console("echo"), OneQuestion("echo")])
async def test_the_bots_own_sentences_go_to_standard_error(
    console: Console, keyboard: int, capsys: pytest.CaptureFixture[str]
) -> None:
    here = console.mention("hi").where
    await console.tell(here, "Not here.")
    await console.show(here, draft(said("Many people are asking at once."), "sentence"))
    assert capsys.readouterr() == ("", "Not here.\nMany people are asking at once.\n")


@pytest.mark.parametrize("console", [Console("echo"), OneQuestion("echo")])
async def test_an_answer_to_another_sitting_is_not_shown(
    console: Console, keyboard: int, capsys: pytest.CaptureFixture[str]
) -> None:
    yesterday = Console("echo").mention("hi").where
    for kind in ("answer", "sentence"):
        with pytest.raises(NotShown, match=r"The terminal was closed before the answer came\."):
            await console.show(yesterday, draft(said("Good morning"), kind))
    assert await console.find(yesterday, "reply-1") is None
    assert capsys.readouterr() == ("", "")


def test_one_sitting_is_one_thread_and_every_line_its_own_message() -> None:
    console = Console("echo")
    first, second = console.mention("one"), console.mention("two")
    assert first.thread == second.thread != Console().mention("one").thread
    assert first.id != second.id
    assert (first.persona, first.workspace.platform) == ("echo", "console")


async def test_a_single_question_keeps_its_answer(capsys: pytest.CaptureFixture[str]) -> None:
    asked = OneQuestion("echo")
    await asked.show(asked.mention("hi").where, draft(said("Good ", "morning")))
    assert (asked.answer, capsys.readouterr().out) == ("Good morning", "")


# --- real processes


def test_ctrl_c_at_the_prompt_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--config", str(tmp_path / "config.toml"), "chat"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 30
    while "you ›".encode() not in shown and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.5)[0]:
            shown += os.read(ours, 4096)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=5) == 130
    os.close(ours)
    assert b"Traceback" not in shown


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config file whose default base is tiny and prepared."""
    folder = tmp_path_factory.mktemp("chat")
    file = folder / "config.toml"
    file.write_text('[bases]\ndefault = "tiny"\n[bases.sources]\ntiny = "nowhere"\n[generation]\nthreads = 1\n')
    tiny_prepared(config.load(BotConfig, file).base_folder("tiny"))
    return file


@pytest.fixture
async def sessions(tiny: Path) -> AsyncIterator[Sessions]:
    engine = open_engine(config.load(BotConfig, tiny).database_url)
    await migrate.upgrade(engine)
    yield sessions_of(engine)
    await engine.dispose()


async def test_a_real_chat_answers_and_follows_a_promotion(tiny: Path, sessions: Sessions) -> None:
    wishes = Wishes(base="tiny", sampling={"temperature": 1.0, "seed": 1, "max_new_tokens": 12})
    await personas.create(sessions, OWNER, "echo", wishes)
    number = await candidate(tiny, sessions)
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "--config", str(tiny), "chat"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"hello\n")
    before = await answered(sessions, 1, within=60)
    assert (before.status, before.adapter_id) == ("done", None)

    await training.promote(sessions, OWNER, "echo", number)
    await asyncio.sleep(2)
    began = time.monotonic()
    process.stdin.write(b"hello\n")
    after = await answered(sessions, 2, within=20)
    assert after.adapter_id is not None
    assert after.text != before.text
    assert time.monotonic() - began < 5

    process.stdin.write_eof()
    output, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    assert before.text is not None
    assert after.text is not None
    assert output.decode() == f"{before.text}\n{after.text}\n"
    assert b"Traceback" not in errors


async def candidate(tiny: Path, sessions: Sessions) -> int:
    """A candidate of `echo` with real, random, loud weights; its number."""
    settings = config.load(BotConfig, tiny)
    async with transaction(sessions) as session:
        persona = await persona_rows.named(session, "echo")
        made = await community.candidate(session, persona, datetime.now(UTC), base="tiny")
        folder = random_adapter(settings.base_folder("tiny"), settings.adapters_folder / made.folder, seed=3)
        made.sha256 = hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()
        return made.number


async def answered(sessions: Sessions, count: int, within: float) -> Reply:
    """The newest reply, once that many have ended."""
    async with asyncio.timeout(within):
        while True:
            async with reading(sessions) as session:
                rows = list(await session.scalars(query(Reply).order_by(Reply.id)))
            if len(rows) == count and rows[-1].finished_at is not None:
                return rows[-1]
            await asyncio.sleep(0.05)


def test_a_question_that_cannot_be_answered_says_why_and_fails(
    filled: Path, yamabiko: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_ready(base: str, progress: object) -> None:
        raise BaseNotReady(f"There is no package for {base}; install it.")

    monkeypatch.setattr(app, "prepare", not_ready)
    for _ in range(2):
        status, output, errors = yamabiko("say", "echo", "hello")
        assert (status, output) == (1, "")
        assert "There is no package for HuggingFaceTB/SmolLM2-135M-Instruct; install it.\n" in errors
        assert errors.count("There is no package") == 1  # told, and not logged beside
