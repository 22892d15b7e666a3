"""A base that is a model on a server, from the settings to the answer: create, say, train, prepare, doctor."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from bot import doctor
from bot.chat.verbs import training
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.training import CannotBeTrained
from bot.doctor import Finding
from db.session import Sessions, transaction
from tests.fakes import community
from tests.fakes.command_line import COMMAND, Run, environment
from tests.fakes.openai_server import serving

KEY = "sk-team-1"
KEY_VARIABLE = "YAMABIKO_BASES__SERVERS__TEAM__KEY"
AWAY = "http://127.0.0.1:9/v1"


def configure(home: Path, url: str, model: str = "echo", default: str = "smollm2") -> None:
    server = f'[bases.servers.team]\nurl = "{url}"\nmodel = "{model}"\nkey = "{KEY}"\n'
    (home / "config.toml").write_text(f'[bases]\ndefault = "{default}"\n{server}')


async def say(home: Path, *words: str) -> tuple[int, str, str]:
    """`yamabiko say` as a process of its own, beside the server that lives in this one."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "say", *words, "--json"),
        cwd=home,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def test_a_persona_on_a_server_speaks_by_its_system_prompt(home: Path, yamabiko: Run) -> None:
    async with serving(["Copy, skipper."], key=KEY) as server:
        configure(home, server.url)
        wishes = ("--base", "team", "--system", "You are a tern.", "--sampling", "max_new_tokens=30")
        status, _, errors = await asyncio.to_thread(yamabiko, "persona", "create", "tern", *wishes)
        assert (status, errors) == (0, "")
        status, output, errors = await say(home, "tern", "Any news?")
        assert (status, errors) == (0, "")
        assert json.loads(output) == {"persona": "tern", "answer": "Copy, skipper."}
    (body,) = server.bodies
    assert body["max_tokens"] == 30
    assert body["messages"] == [
        {"role": "system", "content": "You are a tern."},
        {"role": "user", "content": "Any news?"},
    ]
    async with serving(key="another") as server:
        configure(home, server.url)
        _, _, errors = await say(home, "tern", "And now?")
        assert f"does not accept the key; mend {KEY_VARIABLE} in the environment." in errors
    status, _, errors = await say(home, "tern", "And now?")
    assert status == 1
    told = errors.splitlines()[0]
    assert told == f"The server at {server.url[7:-3]} cannot be reached; start it, or ask again later."


def test_it_cannot_be_trained_and_says_what_can(home: Path, yamabiko: Run) -> None:
    configure(home, AWAY)
    assert yamabiko("persona", "create", "tern", "--base", "team")[0] == 0
    for options in ((), ("--wait",)):
        status, output, errors = yamabiko("train", "tern", *options)
        assert (status, output) == (1, "")
        assert "tern stands on team, a model on a server, which speaks by the system prompt" in errors
        assert "`yamabiko persona edit tern --base …`" in errors
    assert json.loads(yamabiko("runs", "--json")[1]) == []
    assert yamabiko("persona", "edit", "tern", "--base", "smollm2")[0] == 0
    assert yamabiko("train", "tern")[0] == 0


async def test_the_verb_refuses_before_it_queues(sqlite_sessions: Sessions, now) -> None:
    async with transaction(sqlite_sessions) as session:
        await community.persona(session, now, base="team")
    admin = Actor("member:1", "admin")
    with pytest.raises(CannotBeTrained, match="a model on a server"):
        await training.retrain(sqlite_sessions, admin, "echo", "", {}, servers={"team"})
    assert await training.list_runs(sqlite_sessions, admin) == []
    assert await training.retrain(sqlite_sessions, admin, "echo", "", {}, servers={"other"})


def test_there_is_nothing_to_prepare(home: Path, yamabiko: Run) -> None:
    configure(home, AWAY, default="team")
    for words in (("prepare", "team"), ("prepare",)):
        assert yamabiko(*words) == (0, "team is a model on a server; there is nothing to prepare.\n", "")
    assert not (home / "data" / "bases").exists()


async def findings() -> dict[str, Finding]:
    return {finding.what: finding for finding in await doctor.examine()}


async def test_the_doctor_asks_the_server_for_the_model(home: Path) -> None:
    (home / "torch.py").write_text("raise ImportError('not asked for here')")
    async with serving(key=KEY, models=("echo", "llama3.2:latest")) as server:
        host = server.url[7:-3]
        for model in ("echo", "llama3.2"):
            configure(home, server.url, model, default="team")
            found = await findings()
            assert found["server team"] == Finding("server team", True, f"{model} at {host}")
            assert found["base"] == Finding("base", True, "team is a model on a server")
        configure(home, server.url, "other")
        missing = (await findings())["server team"]
        assert not missing.ok
        assert missing.detail == f"{host} has no model other; it has echo, llama3.2:latest"
        assert missing.advice == "Load it there, or mend the model's name in [bases.servers.team]."


async def test_the_doctor_says_why_a_server_cannot_be_asked(home: Path) -> None:
    (home / "torch.py").write_text("raise ImportError('not asked for here')")
    async with serving(key="another") as server:
        configure(home, server.url)
        found = (await findings())["server team"]
        assert found.detail.endswith(f"does not accept the key; mend {KEY_VARIABLE} in the environment.")
        assert found.advice == "Its table is [bases.servers.team]."
        configure(home, server.url.removesuffix("/v1"))
        assert "knows no models (404); mend the url" in (await findings())["server team"].detail
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        configure(home, f"http://127.0.0.1:{free.getsockname()[1]}/v1")
        found = (await findings())["server team"]
    assert not found.ok
    assert found.detail.endswith("cannot be reached; start it, or mend its url.")
