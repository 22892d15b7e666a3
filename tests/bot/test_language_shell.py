"""The command line in the language of whoever sits at the shell, else in the config's."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.bot.test_cli import CHANGES, LISTS
from tests.fakes.command_line import COMMAND, Run, environment

NOTHING = "まだ誰も書き込んでいません。"


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")


@pytest.mark.usefixtures("japanese")
def test_every_table_in_japanese_fits_eighty_columns_whole_and_aligned(yamabiko: Run, filled: Path) -> None:
    for words in LISTS:
        status, output, errors = yamabiko(*words)
        assert (status, errors) == (0, "")
        lines = [line for line in output.splitlines() if not line.startswith("学習ジョブ ")]
        widths = {cell_len(line) for line in lines}
        assert max(widths) <= 80, words
        assert len(widths) == 1 or words == ("runs",), words
        assert "…" not in output or words == ("replies",), words  # nothing is cut off


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("words", CHANGES, ids=" ".join)
def test_every_change_is_told_in_japanese_within_eighty_columns(
    yamabiko: Run, filled: Path, words: tuple[str, ...]
) -> None:
    status, output, errors = yamabiko(*words)
    assert (status, errors) == (0, "")
    assert re.search("[ぁ-ん]", output)
    assert max(cell_len(line) for line in output.splitlines()) <= 80


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_json_is_the_same_in_every_language(
    yamabiko: Run, filled: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    told = yamabiko(*words, "--json")[1]
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert json.loads(told) == json.loads(yamabiko(*words, "--json")[1])


@pytest.mark.usefixtures("japanese")
def test_states_of_rows_are_read_in_japanese(yamabiko: Run, filled: Path) -> None:
    assert "学習・一時停止中" in "".join(yamabiko("channel", "list")[1].split())
    assert "メンバー・ブ" in yamabiko("members")[1]
    runs = yamabiko("runs")[1]
    assert "実行中" in runs
    assert "学習ジョブ 4（見送り）: Too little text" in runs  # the reason is as the trainer kept it
    assert "● 稼働中" in yamabiko("adapters", "echo")[1]
    assert "未確認" in yamabiko("review", "雑談")[1]


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("persona", "show", "nobody"), "ペルソナ「nobody」はありません。`yamabiko persona list` で一覧できます。"),
        (("persona", "edit", "echo", "--recipe", "epochs=0"), "学習レシピの epochs は 1 から 1000 までです"),
        (("promote", "echo", "1"), "echo はすでにアダプター 1 で話しています。"),
        (("resume",), "全体の一時停止はしていないので、再開するものがありません。一時停止中: general。"),
        (("language", "Ann", "fr"), "言語「fr」はありません。使えるのは en (English)、ja (日本語) です。"),
        (("import", "text", "nowhere.txt"), "nowhere.txt を開けません"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_error_is_one_japanese_sentence(yamabiko: Run, filled: Path, words: tuple[str, ...], told: str) -> None:
    status, output, errors = yamabiko(*words)
    assert (status, output) == (1, "")
    assert told in errors


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("membrs",), "コマンド 'membrs' はありません。'members' のことですか？"),
        (("channel", "approve"), "引数 'name' がありません。"),
        (("runs", "--nope"), "オプション --nope はありません"),
        (("runs", "--limit"), "オプション '--limit' には値が必要です。"),
        (("replies", "--limit", "x"), "'--limit' の値が正しくありません: 整数で書いてください"),
        (("replies", "--limit", "0"), "'--limit' の値が正しくありません: 1 以上にしてください"),
        (("runs", "a", "b"), "余分な引数があります（b）"),
        (("consent",), "値が正しくありません: メンバーを 1 人指定するか、--everyone を付けてください。"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_slip_on_the_command_line_is_told_in_japanese(
    yamabiko: Run, home: Path, words: tuple[str, ...], told: str
) -> None:
    status, output, errors = yamabiko(*words)
    assert (status, output) == (2, "")
    assert told in "".join(line.strip("│ ") for line in errors.splitlines() if "│" in line)
    if words != ("runs", "--limit"):  # there Typer itself leaves it out
        assert errors.startswith("使い方: yamabiko")
        assert "でヘルプを表示します。" in errors
    assert "─ エラー ─" in errors


@pytest.mark.usefixtures("japanese")
def test_help_is_japanese_and_nothing_of_it_is_cut_off(yamabiko: Run) -> None:
    status, output, _ = yamabiko("--help")
    assert status == 0
    panels = re.findall(r"╭─ (.+?) ─", output)
    expected = ["オプション", "はじめる", "話す", "秩序を保つ", "テキストと、誰が何に同意したか", "学ぶ"]
    assert panels == expected
    assert " 使い方: yamabiko [OPTIONS]" in output
    assert "コミュニティの話し方を、同意を得て学ぶボットです。" in output
    for command in ((), ("channel", "approve"), ("train",), ("consent",), ("persona", "create"), ("review",)):
        output = yamabiko(*command, "--help")[1]
        assert "…" not in output.replace("]...", ""), command
        assert max(map(cell_len, output.splitlines())) <= 80, command
        assert "このヘルプを表示して終了します。" in re.sub(r"[\s│]", "", output), command


def test_help_is_english_again_for_who_reads_english(yamabiko: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    yamabiko("--help")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    _, output, _ = yamabiko("train", "--help")
    assert "Usage: yamabiko train" in output
    assert "Show this message and exit." in " ".join(output.replace("│", " ").split())
    assert not re.search("[ぁ-ん]", output)


def test_without_a_locale_the_config_decides_and_with_one_the_person(
    yamabiko: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.toml").write_text('[language]\ndefault = "ja"\n', encoding="utf-8")
    assert yamabiko("members")[1].strip() == NOTHING
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert yamabiko("members")[1].strip() == NOTHING
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert yamabiko("members")[1].strip() == "Nobody has written yet."


@pytest.mark.parametrize("form", [("--config", "mine.toml"), ("--config=mine.toml",)])
def test_the_config_that_is_named_decides_about_the_help_too(yamabiko: Run, home: Path, form: tuple[str, ...]) -> None:
    (home / "mine.toml").write_text('[language]\ndefault = "ja"\n', encoding="utf-8")
    assert "使い方: " in yamabiko(*form, "--help")[1]


@pytest.mark.parametrize(
    ("config", "english", "japanese"),
    [
        ("[language]\ndefault = 'fr'\n", "Input should be 'en' or 'ja'", "'en' or 'ja' のどれかにしてください"),
        ("[chat]\ncontext_days = 0\n", "greater than or equal to 1", "1 以上にしてください（現在の値: 0）。"),
        ("[chat\n", "this is not valid TOML", "正しい TOML ではありません"),
        ("[chatt]\n", "there is no table [chatt]", "[chatt] という表はありません"),
    ],
)
def test_a_broken_config_is_one_sentence_in_either_language(
    yamabiko: Run, home: Path, monkeypatch: pytest.MonkeyPatch, config: str, english: str, japanese: str
) -> None:
    (home / "config.toml").write_text(config, encoding="utf-8")
    for language, told in (("C", english), ("ja_JP.UTF-8", japanese)):
        monkeypatch.setenv("LANG", language)
        status, output, errors = yamabiko("members")
        assert (status, output) == (1, "")
        assert told in errors
        assert len(errors.splitlines()) == 1
        assert yamabiko("--help")[0] == 0


def test_a_real_process_speaks_the_shell_s_language(home: Path) -> None:
    told = subprocess.run(
        [*COMMAND, "members"], cwd=home, env={**environment(), "LANG": "ja_JP.UTF-8"}, capture_output=True, check=True
    )
    assert told.stdout.decode().strip() == NOTHING


def test_the_trainer_tells_of_a_base_in_the_language_it_was_asked_in(home: Path) -> None:
    asked = [COMMAND[0], "-m", "trainer", "prepare", "no/such/base.gguf", "--json"]
    told = subprocess.run(asked, cwd=home, env={**environment(), "LANGUAGE": "ja"}, capture_output=True, check=False)
    event = json.loads(told.stdout.splitlines()[-1])
    assert event["detail"].startswith("no/such/base.gguf というフォルダーも .gguf ファイルもなく")
