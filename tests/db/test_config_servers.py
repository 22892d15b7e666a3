"""Models on servers in the settings: what is taken, what is refused, and that no key is ever shown."""

from pathlib import Path

import pytest

from bot.config import BotConfig
from db.config import load
from tests.fakes import config_file
from tests.fakes.config_file import written
from trainer.config import TrainerConfig

KEY = "sk-secret-1"
OLLAMA = '[bases.servers.ollama]\nurl = "http://localhost:11434/v1"\nmodel = "llama3.2"\n'


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(tmp_path: Path, text: str) -> str:
    sentence = config_file.refusal(tmp_path, text)
    assert KEY not in sentence
    return sentence


def test_both_programs_read_a_server_and_its_defaults(tmp_path: Path) -> None:
    for kind in (BotConfig, TrainerConfig):
        server = load(kind, written(tmp_path, OLLAMA)).bases.servers["ollama"]
        assert (server.url, server.model) == ("http://localhost:11434/v1", "llama3.2")
        assert (server.key.get_secret_value(), server.parallel, server.context) == ("", 4, 0)


@pytest.mark.parametrize("key", [KEY, "12345", "1e5", " padded\n", '{"a": 1}', "true", "null"])
def test_a_key_from_the_environment_joins_the_table_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__SERVERS__OLLAMA__KEY", key)
    settings = load(BotConfig, written(tmp_path, OLLAMA))
    server = settings.bases.servers["ollama"]
    assert server.key.get_secret_value() == key.strip()
    assert server.model == "llama3.2"
    assert key not in repr(settings)


def test_the_environment_wins_over_the_file_for_a_server_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__SERVERS__OLLAMA__PARALLEL", "9")
    assert load(BotConfig, written(tmp_path, OLLAMA)).bases.servers["ollama"].parallel == 9


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'[bases.servers.ollama]\nmodel = "m"\nkey = "{KEY}"\n', "[bases] servers.ollama.url: Field required."),
        (f'{OLLAMA}keyy = "{KEY}"\n', "[bases] has no key 'servers.ollama.keyy'"),
        (f'{OLLAMA}key = ["{KEY}"]\n', "[bases] servers.ollama.key: Input should be a valid string."),
        (f'{OLLAMA}key = "two\\n{KEY}"\n', "servers.ollama.key: a key is one line of letters, digits and signs."),
        (f'{OLLAMA}key = "日本{KEY}"\n', "servers.ollama.key: a key is one line of letters, digits and signs."),
        (f'{OLLAMA}parallel = 0\nkey = "{KEY}"\n', "servers.ollama.parallel: Input should be greater than"),
        (f'[bases.servers]\nollama = "{KEY}"\n', "[bases] servers.ollama: "),
        (f'[bases]\nservers = ["{KEY}"]\n', "[bases] servers: "),
        (f'{OLLAMA}key = "{KEY}"\n'.replace("ollama", "Ollama"), "[bases]: the name of servers.Ollama may hold small"),
        (f'{OLLAMA}key = "{KEY}"\n'.replace("ollama", "smollm2"), "[bases]: smollm2 is in sources and in servers"),
    ],
)
def test_what_cannot_be_used_is_refused_without_showing_a_key(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, text)


def test_where_a_key_is_set_is_something_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = load(BotConfig, written(tmp_path, OLLAMA)).bases.where_key
    variable = where("ollama").removesuffix(" in the environment")
    monkeypatch.setenv(variable, KEY)
    assert load(BotConfig, written(tmp_path, OLLAMA)).bases.servers["ollama"].key.get_secret_value() == KEY
    assert where("gpu-box") == "`key` in [bases.servers.gpu-box]"


@pytest.mark.parametrize(
    "url", ["localhost:11434", "ftp://h/v1", "http://", f"http://me:{KEY}@h/v1", "", "http://h?a=1"]
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    told = refusal(tmp_path, OLLAMA.replace("http://localhost:11434/v1", url))
    assert "servers.ollama.url: write it as http://HOST:PORT/v1 or https://HOST/v1, and a key as `key`" in told


def test_a_wrong_variable_is_named_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__SERVERS__OLLAMA__KEYY", KEY)
    told = refusal(tmp_path, OLLAMA)
    assert told.startswith("The environment variable YAMABIKO_BASES__SERVERS__OLLAMA__KEYY: Extra inputs")
