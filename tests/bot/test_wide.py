"""Wide characters on a terminal: lines broken where they may be, text cut by columns."""

import io
import unicodedata

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.cli import common, wide
from bot.cli.wide import beginning, words

FAMILY = "👨‍👩‍👧"
GA = unicodedata.normalize("NFD", "が")


@pytest.fixture(autouse=True)
def _taught() -> None:
    wide.teach_rich()


def printed(text: str, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(text, markup=False)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_japanese_sentence_fills_its_lines() -> None:
    assert printed("同じ質問への答えを、学習前と学習後で比べます。", 20) == [
        "同じ質問への答えを、",
        "学習前と学習後で比べ",
        "ます。",
    ]


def test_a_latin_word_within_japanese_stays_whole_and_leaves_no_gap_before_it() -> None:
    assert printed("用意した API で得たテキストを学習します。", 12) == [
        "用意した API",
        "で得たテキス",
        "トを学習しま",
        "す。",
    ]


def test_no_line_begins_with_a_full_stop_or_a_closing_bracket_nor_ends_with_an_opening_one() -> None:
    text = "彼は「山へ行こう。」と言った（本当に）。それから、ずっと待っていたのだった。" * 3
    for width in range(8, 40):
        for line in printed(text, width):
            assert line[0] not in "。、」）ーッ", (width, line)
            assert line[-1] not in "「（", (width, line)
            assert cell_len(line) <= width


def test_text_without_wide_characters_is_broken_as_ever() -> None:
    assert [part for _, _, part in words("see the hills  over there")] == ["see ", "the ", "hills  ", "over ", "there"]


@pytest.mark.parametrize("text", ["山 と a b 川", f"a{GA}b{GA}", f"{FAMILY}と{FAMILY}", "ｶﾞﾊﾞ abc ﾊﾟ", "　山", "山　 "])
def test_the_parts_of_a_line_are_the_whole_line(text: str) -> None:
    parts = list(words(text))
    assert "".join(part for _, _, part in parts).rstrip() == text.rstrip()
    assert all(text[start:end] == part for start, end, part in parts)


def test_a_combined_character_is_never_torn() -> None:
    for width in (4, 5, 6, 7):
        for line in printed(f"{GA}{FAMILY}ｶﾞ" * 6, width):
            assert not unicodedata.combining(line[0])
            assert not line.endswith("\u200d")


def test_an_address_longer_than_the_line_is_folded_and_nothing_of_it_lost() -> None:
    address = f"https://example.org/{'a' * 60}"
    assert "".join(printed(f"山の写真は{address}にあります。", 20)) == f"山の写真は{address}にあります。"


@pytest.mark.parametrize("name", ["山田太郎", "ﾔﾏﾀﾞ ﾀﾛｳ", GA * 8, FAMILY * 4, "ｅｃｈｏ", "plain", "山田[Ben]太郎" * 6])
def test_columns_of_a_table_are_not_torn_by_any_script(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = Console(file=io.StringIO(), width=80, highlight=False)
    monkeypatch.setattr(common, "out", out)
    long = "おはようございます。今日は山に登ります。" * 5
    common.table(("名前", "本文", "件数"), [(name, long, 3), ("Ann", "good morning", 12345)], "")
    lines = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert {cell_len(line) for line in lines} == {cell_len(lines[0])}
    assert cell_len(lines[0]) <= 80
    joined = "".join(line.replace(" ", "") for line in lines)
    assert "…" not in joined


@pytest.mark.parametrize("columns", range(3, 30))
@pytest.mark.parametrize(
    "text", ["今日は山に登ります。とても楽しい一日でした。", FAMILY * 20, GA * 30, "ﾔﾏﾋﾞｺ" * 9, "a b" * 20]
)
def test_a_beginning_is_cut_by_columns_and_never_within_a_character(text: str, columns: int) -> None:
    cut = beginning(text, columns)
    assert cell_len(cut) <= columns
    kept = cut.removesuffix("…").rstrip()
    assert cut.endswith("…")
    assert text.startswith(kept)
    rest = text[len(kept) :].lstrip()
    assert not unicodedata.combining(rest[0])
    assert rest[0] != "\u200d"


def test_what_fits_is_not_cut_and_stands_on_one_line() -> None:
    assert beginning("山に\n登る", 9) == "山に 登る"
    assert beginning("", 9) == ""
