"""Settings: one file, checked; errors name file, table and key; keys are made once."""

import itertools
import multiprocessing
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.config import BotConfig
from db.config import TABLES, ConfigRefused, Server, Shared, load
from db.keys import secret_key
from tests.fakes import config_file
from tests.fakes.config_file import written
from trainer.config import TrainerConfig

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(tmp_path: Path, text: str) -> str:
    sentence = config_file.refusal(tmp_path, text)
    assert "yamabiko.toml" in sentence
    return sentence


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(BotConfig)
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/data/yamabiko.db"
    assert settings.chat.context_replies == 6
    assert not settings.storage.folder.exists()


def test_config_toml_in_the_working_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[chat]\ncontext_days = 7\n")
    assert load(BotConfig).chat.context_days == 7


def test_the_environment_names_the_file_and_a_named_file_wins_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_CONFIG", str(written(tmp_path, "[chat]\ncontext_days = 7\n")))
    other = tmp_path / "other.toml"
    other.write_text("[chat]\ncontext_days = 8\n")
    assert load(BotConfig).chat.context_days == 7
    assert load(BotConfig, other).chat.context_days == 8


def test_a_missing_file_is_refused_with_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match=r"nowhere\.toml: there is no such file; copy config\.example\.toml"):
        load(BotConfig, tmp_path / "nowhere.toml")


def test_an_unknown_table_is_refused_by_name(tmp_path: Path) -> None:
    assert "there is no table [databse]; the tables are bases, chat" in refusal(tmp_path, "[databse]\n")


def test_an_unknown_key_is_refused_by_table_and_name(tmp_path: Path) -> None:
    assert "[chat] has no key 'context_dys'" in refusal(tmp_path, "[chat]\ncontext_dys = 3\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[chat]\ncontext_days = "many"\n', "[chat] context_days: .*integer.*'many'"),
        ("[chat]\ncontext_days = 0\n", "[chat] context_days: .*greater than or equal to 1.*0"),
        ("[generation]\nreply_seconds = 0\n", "[generation] reply_seconds: .*greater than 0"),
        ("[bases.sources]\nsmollm2 = 3\n", "[bases] sources.smollm2: .*string"),
        ("chat = 3\n", "chat must be a table; write [chat]"),
    ],
)
def test_a_wrong_value_is_refused_with_table_key_and_what_stands_there(tmp_path: Path, text: str, told: str) -> None:
    assert re.search(told.replace("[", r"\["), refusal(tmp_path, text))


@pytest.mark.parametrize("text", ["[chat\n", "context = = 3", "key"])
def test_what_is_not_toml_is_refused_with_one_sentence(tmp_path: Path, text: str) -> None:
    assert "not valid TOML" in refusal(tmp_path, text)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "yamabiko.toml"
    file.write_bytes("[bases]\ndefault = '日本'".encode("cp932"))
    with pytest.raises(ConfigRefused, match="UTF-8"):
        load(BotConfig, file)


def test_an_environment_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAMABIKO_CHAT__CONTEXT_DAYS", "3")
    settings = load(BotConfig, written(tmp_path, "[chat]\ncontext_days = 7\ncontext_replies = 2\n"))
    assert (settings.chat.context_days, settings.chat.context_replies) == (3, 2)


def test_a_wrong_environment_variable_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAMABIKO_CHAT__CONTEXT_DAYS", "never")
    with pytest.raises(ConfigRefused, match=r"^The environment variable YAMABIKO_CHAT__CONTEXT_DAYS: .*'never'"):
        load(BotConfig)


def test_each_program_passes_over_the_tables_of_the_other(tmp_path: Path) -> None:
    file = written(tmp_path, "[chat]\ncontext_days = 7\n[trainer]\nmember_cap = 5\n")
    assert load(BotConfig, file).chat.context_days == 7
    assert load(TrainerConfig, file).trainer.member_cap == 5


def test_relative_folders_are_taken_from_the_files_own_folder(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file = written(tmp_path / "there", '[storage]\nfolder = "../rows"\n')
    assert load(BotConfig, file).storage.folder == tmp_path / "rows"
    absolute = written(tmp_path, f'[storage]\nfolder = "{tmp_path}/else"\n')
    assert load(BotConfig, absolute).storage.folder == tmp_path / "else"


def test_the_same_base_has_the_same_folder_and_another_source_another(tmp_path: Path) -> None:
    first, again = load(BotConfig), load(TrainerConfig)
    assert first.base_folder("smollm2") == again.base_folder("smollm2")
    changed = written(tmp_path, '[bases.sources]\nsmollm2 = "package:other"\n')
    assert load(BotConfig, changed).base_folder("smollm2") != first.base_folder("smollm2")


@pytest.mark.parametrize("name", ["org/model", "../../etc", "/abs/model.gguf", "日本語", "a" * 300])
def test_no_name_of_a_base_leads_out_of_the_bases_folder(name: str) -> None:
    settings = load(BotConfig)
    folder = settings.base_folder(name)
    assert folder.parent == settings.bases_folder
    assert folder.resolve().parent == settings.bases_folder
    assert len(folder.name) < 100


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    key = secret_key(tmp_path, "people")
    assert len(key) == 32
    assert secret_key(tmp_path, "people") == key
    assert secret_key(tmp_path, "links") != key
    assert stat.S_IMODE((tmp_path / "keys" / "people").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {file.name for file in (tmp_path / "keys").iterdir()} == {"people", "links"}


def test_programs_that_begin_together_agree_on_the_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    with context.Pool(8) as pool:
        for round_ in range(20):
            keys = pool.starmap(secret_key, [(tmp_path, f"key{round_}")] * 8, chunksize=1)
            assert len(set(keys)) == 1


# --- config.example.toml


SERVER = "[bases.servers.ollama]\n"


def example() -> tuple[str, str]:
    """The example without its model server, which has no default, and that server's table alone."""
    before, _, rest = EXAMPLE.read_text(encoding="utf-8").partition(f"#{SERVER}")
    server, _, after = rest.partition("\n\n")
    return f"{before}\n{after}", SERVER + server


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=\w+ = )", "", text, flags=re.MULTILINE)


def tables(kind: type[Shared]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, field in kind.model_fields.items():
        assert isinstance(field.default, BaseModel)
        found[name] = field.default.model_dump(mode="json")
    return found


def test_a_variable_in_place_of_a_whole_table_is_refused_with_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAMABIKO_LANGUAGE", "ja")
    with pytest.raises(ConfigRefused, match="YAMABIKO_LANGUAGE__"):
        load(BotConfig)


def test_the_example_holds_every_setting_with_its_default() -> None:
    every = tables(BotConfig) | tables(TrainerConfig)
    assert every["bases"].pop("servers") == {}
    assert tomllib.loads(uncommented(example()[0])) == every
    assert set(every) == TABLES


def test_the_example_as_it_stands_changes_nothing() -> None:
    stands = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert set(stands) == TABLES
    assert not any(stands.values())


@pytest.mark.parametrize("kind", [BotConfig, TrainerConfig])
def test_the_example_loads_in_both_programs_when_uncommented(tmp_path: Path, kind: type[Shared]) -> None:
    rest, server = map(uncommented, example())
    filled = load(kind, written(tmp_path, rest))
    assert filled.model_dump() == load(kind, written(tmp_path, "")).model_dump()
    assert list(load(kind, written(tmp_path, server)).bases.servers) == ["ollama"]


def test_the_example_holds_every_setting_of_a_server_with_its_default() -> None:
    shown = tomllib.loads(uncommented(example()[1]))["bases"]["servers"]["ollama"]
    assert list(shown) == list(Server.model_fields)
    bare = Server(url=shown["url"], model=shown["model"])
    assert shown == {**bare.model_dump(), "key": bare.key.get_secret_value()}


def test_every_setting_in_the_example_is_explained_by_one_sentence() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"#\w+ = ", line):
            assert re.fullmatch(r"# [A-Z].*\.", before), line
