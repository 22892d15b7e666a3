"""Text files: encodings, paragraphs, identities, and Aozora Bunko's notation."""

import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.chat.events import ChannelSeen, LeftOut, Posted
from bot.importers.aozora import plain
from bot.importers.source import ImportRefused
from bot.importers.text_file import TextFile

AOZORA = Path(__file__).parents[2] / "../shared/data/aozora"
STORIES = {
    "botchan_752_sjis.txt": (
        "坊っちゃん", "夏目漱石", "親譲りの無鉄砲で小供の時から損ばかりしている。", "（明治三十九年四月）",
    ),
    "hashire_merosu_1567_sjis.txt": (
        "走れメロス", "太宰治", "メロスは激怒した。必ず、", "（古伝説と、シルレルの詩から。）",
    ),
}  # fmt: skip
SENTENCES = "吾輩は猫である。名前はまだ無い。\n　どこで生れたか頓と見当がつかぬ。\nコーヒーを①杯、ｶﾀｶﾅも少し。\n"
LEGEND = """題名
作者

-------------------------------------------------------
【テキスト中に現れる記号について】

《》：ルビ
（例）山彦《やまびこ》
-------------------------------------------------------

"""


def written(tmp_path: Path, text: str | bytes, name: str = "story.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def paragraphs(file: TextFile) -> list[Posted]:
    return [item for item in file.messages() if isinstance(item, Posted)]


def texts(file: TextFile) -> list[str]:
    return [posted.text for posted in paragraphs(file)]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp932", "euc_jis_2004"])
def test_japanese_is_read_the_same_from_every_encoding(tmp_path: Path, codec: str) -> None:
    mark = "\ufeff" if codec == "utf-16-be" else ""
    file = TextFile(written(tmp_path, (mark + SENTENCES).encode(codec)))
    assert "".join(f"{text}\n" for text in texts(file)) == SENTENCES.replace("　", "")
    assert file.encoding == codec.removesuffix("-be")


@pytest.mark.parametrize(
    "sentence",
    [
        "山彦が答える。", "メロスには政治がわからぬ。", "今日は良い天気ですね！", "コンピュータ", "はい",
        "国境の長いトンネルを抜けると雪国であった。夜の底が白くなった。", "OK、了解しました。LGTMです。",
    ],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["cp932", "euc_jp"])
def test_even_a_short_sentence_is_told_apart(tmp_path: Path, sentence: str, codec: str) -> None:
    file = TextFile(written(tmp_path, sentence.encode(codec)))
    assert (file.encoding, texts(file)) == (codec, [sentence])


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), b"\x00" * 50, bytes(range(1, 256)),
        "déjà vu, café à la crème".encode("latin-1"), b"\xff\xfeodd", b"text\x00text", b"\x01\x02\x03ab",
    ],
)  # fmt: skip
def test_what_is_not_text_is_refused_with_one_sentence(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ImportRefused, match=r"^story\.txt is not text .* save it as UTF-8\.$"):
        TextFile(written(tmp_path, data))


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(ImportRefused, match="cannot be opened"):
            TextFile(path)


def test_an_empty_file_has_no_messages(tmp_path: Path) -> None:
    assert list(TextFile(written(tmp_path, "")).messages()) == []


def test_a_paragraph_is_a_line_without_its_japanese_indent(tmp_path: Path) -> None:
    path = written(tmp_path, "　　一行目。　\r\n\r\n　\r\n    code\r\n最後\x1a")
    os.utime(path, ns=(0, 1_500_000_000_123_456_789))
    file = TextFile(path)
    first, second, last = paragraphs(file)
    assert (first.text, second.text, last.text) == ("一行目。", "    code", "最後")
    assert first.at == datetime(2017, 7, 14, 2, 40, 0, 123456, tzinfo=UTC)
    assert last.at - first.at == timedelta(microseconds=2)
    assert {message.author for message in (first, second, last)} == {None}
    assert (file.workspace.platform, file.workspace.id, file.workspace.name) == ("file", "files", "Files")


def test_the_channel_is_the_file_s_name_unless_one_is_given(tmp_path: Path) -> None:
    path = written(tmp_path, "x")
    assert TextFile(path).channel == ChannelSeen("story", "story")
    assert [posted.channel for posted in paragraphs(TextFile(path, "novels"))] == ["novels"]


def test_the_same_file_gives_the_same_identities_and_an_edited_one_only_what_changed(tmp_path: Path) -> None:
    lines = ["はい。", "いいえ。", "はい。", "そうです。"]
    path = written(tmp_path, "\n".join(lines))
    first = {posted.id for posted in paragraphs(TextFile(path))}
    os.utime(path, (1, 1))
    moved = path.rename(tmp_path / "moved.txt")
    assert {posted.id for posted in paragraphs(TextFile(moved, "story"))} == first
    assert len(first) == 4
    edited = written(tmp_path, "\n".join(["新しい冒頭。", *lines[:3], "そうでした。"]))
    added = [posted.text for posted in paragraphs(TextFile(edited)) if posted.id not in first]
    assert added == ["新しい冒頭。", "そうでした。"]
    assert TextFile(edited).fingerprint != TextFile(moved).fingerprint


def test_conversations_are_runs_of_about_a_thousand_characters(tmp_path: Path) -> None:
    file = TextFile(written(tmp_path, "\n".join(f"{i}" + "あ" * 299 for i in range(10))))
    runs = Counter(posted.conversation for posted in paragraphs(file))
    assert list(runs.values()) == [4, 4, 2]
    assert set(runs) <= {posted.id for posted in paragraphs(file)}


def test_the_one_part_of_a_file_is_the_whole(tmp_path: Path) -> None:
    file = TextFile(written(tmp_path, "a\nb"))
    (part,) = file.parts()
    assert list(file.read(part)) == list(file.messages())


@pytest.mark.parametrize(
    ("notation", "read"),
    [
        ("山彦《やまびこ》が疲労｜困憊《こんぱい》した", "山彦が疲労困憊した"),
        ("おくれんかな［＃「おくれんかな」に傍点］、と", "おくれんかな、と"),
        ("［＃５字下げ］一［＃「一」は中見出し］", "一"),
        ("外［＃「［＃「内」に傍線］」はママ］側", "外側"),
        ("※［＃「口＋喜」、第3水準1-15-18］《ああ》と", "\u563bと"),
        ("※［＃「てへん＋劣」、U+6318、123-4］る", "挘る"),
        ("※［＃「読めない字」、45-上-3］る", "〓る"),
        ("※［＃「悪い番号」、U+D800］※［＃「悪い番号」、第4水準2-99-99］", "〓〓"),
        ("※［＃始め二重山括弧、1-1-52］本※［＃終わり二重山括弧、1-1-53］", "《本》"),
        ("〔cafe'〕で※印", "〔cafe'〕で※印"),
        ("閉じない［＃注記の前", "閉じない注記の前"),
        ("", ""),
    ],
)
def test_aozora_notation_becomes_what_the_author_wrote(notation: str, read: str) -> None:
    assert plain(notation) == read


def test_header_legend_and_colophon_are_cut_and_named(tmp_path: Path) -> None:
    text = LEGEND + "　本文《ほんぶん》だ。\n［＃改ページ］\n終り。\n\n\n底本：「全集」\n入力：誰か\n"
    file = TextFile(written(tmp_path, text.encode("cp932")))
    assert (file.aozora, file.title, file.author_name) == (True, "題名", "作者")
    assert texts(file) == ["本文だ。", "終り。"]
    assert [item for item in file.messages() if isinstance(item, LeftOut)] == [LeftOut("notation")]


def test_an_aozora_text_without_a_legend_keeps_its_first_line(tmp_path: Path) -> None:
    file = TextFile(written(tmp_path, "題名\n作者\n原作者訳\n\n本文《ほんぶん》。\n\n底本：「全集」\n"))
    assert (file.title, file.author_name, texts(file)) == ("題名", "作者", ["本文。"])
    long = "\n".join(f"{i}行《ぎょう》" for i in range(9)) + "\n底本：「全集」"
    assert texts(TextFile(written(tmp_path, long))) == [f"{i}行" for i in range(9)]


def test_other_texts_keep_their_brackets(tmp_path: Path) -> None:
    file = TextFile(written(tmp_path, "《重要》｜は縦線。\n底本のない話。\n"))
    assert (file.aozora, file.title, texts(file)) == (False, None, ["《重要》｜は縦線。", "底本のない話。"])


@pytest.mark.skipif(not AOZORA.exists(), reason="the Aozora texts are not beside the project")
@pytest.mark.parametrize("name", STORIES)
def test_a_real_story_is_whole_and_bare(name: str) -> None:
    title, author, opening, ending = STORIES[name]
    file = TextFile(AOZORA / name)
    assert (file.encoding, file.aozora, file.title, file.author_name) == ("cp932", True, title, author)
    story = texts(file)
    joined = "".join(story)
    assert not re.search("《|》|｜|［＃|底本|青空文庫|-----", joined)
    assert any(text.startswith(opening) for text in story[:2])
    assert story[-1] == ending
    raw = (AOZORA / name).read_bytes().decode("cp932")
    body = re.split(r"-{50,}\r\n", raw)[2].split("\r\n底本：")[0]
    bare = re.sub(r"《.*?》|［＃.*?］|[｜\s]", "", body)
    assert re.sub(r"\s", "", joined) == bare


@settings(max_examples=200, deadline=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text("《》｜［＃］※-U+1底本：\n ああ\x00", max_size=80).map(str.encode))
def test_any_bytes_end_in_values_or_a_refusal(tmp_path: Path, data: bytes) -> None:
    try:
        posted = paragraphs(TextFile(written(tmp_path, data)))
    except ImportRefused:
        return
    assert all(message.text.strip() and "\x00" not in message.text for message in posted)
    assert len({message.id for message in posted}) == len(posted)


@settings(max_examples=200, deadline=None)
@example("［《》＃")
@example("［［＃＃")
@given(st.text("《》｜［＃］※、1-2U+あ", max_size=40))
def test_no_notation_survives(line: str) -> None:
    assert "［＃" not in plain(line)
