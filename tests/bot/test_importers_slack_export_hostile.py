"""Slack exports that are damaged, hostile or huge: one sentence refuses them, and no file can do harm."""

import json
import random
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat.events import Posted
from bot.importers.archive import ArchiveLimits
from bot.importers.slack_export import SlackExport
from bot.importers.source import ImportRefused
from tests.fakes.slack_export import export, said, taken


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(ImportRefused) as caught:
        taken(path, **options)
    sentence = str(caught.value)
    assert path.name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("file", ["users", "channels"])
def test_a_missing_list_is_named_with_the_way_to_export(tmp_path: Path, file: str) -> None:
    sentence = refusal(export(tmp_path / "x.zip", {}, **{file: None}))
    assert f"no {file}.json" in sentence
    assert "Import/Export" in sentence


@pytest.mark.parametrize(
    ("file", "contents"),
    [
        ("users", {"a": 1}), ("users", "list"), ("users", ["U1"]), ("users", [{"id": None}]),
        ("users", [{"id": "U1>|x"}]), ("channels", b"\xff\xfe{"), ("channels", b"[" * 100_000),
        ("channels", b""), ("channels", b"[1" + b"0" * 10_000 + b"]"), ("dms", 5),
    ],
)  # fmt: skip
def test_a_list_of_the_wrong_shape_is_refused_by_name(tmp_path: Path, file: str, contents: Any) -> None:
    assert f"{file}.json" in refusal(export(tmp_path / "x.zip", {}, **{file: contents}))


@pytest.mark.parametrize("contents", [b"{", {"messages": []}, "text", b"[" * 100_000, b"\xff"])
def test_a_malformed_day_is_refused_by_name_after_the_days_before_it(tmp_path: Path, contents: Any) -> None:
    path = export(
        tmp_path / "x.zip",
        {"general/2019-01-01.json": [said("kept")], "general/2019-01-02.json": contents},
    )
    with SlackExport(path) as opened:
        good, bad = opened.parts()
        assert len(list(opened.read(good))) == 1
        with pytest.raises(ImportRefused, match=r"general/2019-01-02\.json.* x\.zip"):
            list(opened.read(bad))


def test_a_truncated_zip_is_refused_with_one_sentence(tmp_path: Path) -> None:
    path = export(tmp_path / "x.zip", {"general/2019-01-01.json": [said("a" * 500)]})
    path.write_bytes(path.read_bytes()[:-40])
    assert "cut short" in refusal(path)


def test_what_is_no_zip_or_no_file_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "x.zip"
    text.write_text("hello")
    assert "not a zip" in refusal(text)
    assert "cannot be opened" in refusal(tmp_path / "missing.zip")
    assert "cannot be opened" in refusal(tmp_path)


@pytest.mark.parametrize(
    "name", ["../general/a.json", "general/../../a.json", "/etc/a.json", "C:/a.json", "general\\a.json"]
)
def test_a_path_that_climbs_out_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out" in refusal(export(tmp_path / "x.zip", {name: []}))


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "x.zip", {"general/2019-01-01.json": [], "general/2019-01-0X.json": [1]})
    path.write_bytes(path.read_bytes().replace(b"2019-01-0X", b"2019-01-01"))
    assert "twice" in refusal(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "x.zip", {})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refusal(path)


def test_an_unusual_compression_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "x.zip", {})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("general/2019-01-01.json", "[]")
    assert "unusual" in refusal(path)


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (ArchiveLimits(), "zip bomb"),
        (ArchiveLimits(ratio=10_000, member_bytes=1 << 20), "larger than 1 MB"),
        (ArchiveLimits(ratio=10_000, total_bytes=1 << 20), "more than 1 MB"),
        (ArchiveLimits(members=2), "more than 2"),
    ],
)
def test_a_zip_that_would_swell_is_refused_before_it_is_read(tmp_path: Path, limits: ArchiveLimits, word: str) -> None:
    path = export(tmp_path / "x.zip", {"general/2019-01-01.json": b" " * (4 << 20)})
    assert word in refusal(path, limits=limits)


def test_a_directory_that_lies_about_sizes_yields_no_more_than_it_declares(tmp_path: Path) -> None:
    bomb = b"[" + b" " * (8 << 20) + b"]"
    path = export(tmp_path / "x.zip", {"general/2019-01-01.json": bomb})
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    assert struct.unpack_from("<I", data, entry + 24)[0] == len(bomb)
    struct.pack_into("<I", data, entry + 24, 100)
    path.write_bytes(data)
    tracemalloc.start()
    try:
        assert "damaged" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_a_wrong_checksum_is_refused_when_its_day_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(export(path, {}), "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("general/2019-01-01.json", json.dumps([said("original")]))
    path.write_bytes(path.read_bytes().replace(b"original", b"tampered"))
    assert "general/2019-01-01.json" in refusal(path)


def _outcome(path: Path) -> None:
    began = time.process_time()
    try:
        posted, _ = taken(path)
    except ImportRefused:
        posted = []
    assert all("\x00" not in message.text and message.at.tzinfo for message in posted)
    assert [message.text.encode().decode() for message in posted] == [message.text for message in posted]
    assert time.process_time() - began < 1


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "ts", "text"]), inner),
    max_leaves=5,
)


@FUZZ
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_any_mutated_zip_ends_in_values_or_a_refusal(tmp_path: Path, seed: int, hits: int) -> None:
    chance = random.Random(seed)
    data = bytearray(export(tmp_path / "m.zip", {"general/2019-01-01.json": [said("hi")] * 3}).read_bytes())
    for _ in range(hits):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)) :]
    (tmp_path / "m.zip").write_bytes(data)
    _outcome(tmp_path / "m.zip")


fields = ["type", "subtype", "user", "text", "ts", "thread_ts", "edited", "bot_id", "files"]


@FUZZ
@given(st.lists(anything | st.dictionaries(st.sampled_from(fields), anything, max_size=5), max_size=4), anything)
def test_any_day_and_any_list_end_in_values_or_a_refusal(tmp_path: Path, rows: list[Any], users: Any) -> None:
    rows = [said("hi") | row if isinstance(row, dict) else row for row in rows]
    _outcome(export(tmp_path / "d.zip", {"general/2019-01-01.json": rows}))
    _outcome(export(tmp_path / "u.zip", {"general/2019-01-01.json": rows}, users=users))


@pytest.mark.long
def test_a_large_export_is_streamed_in_little_memory(tmp_path: Path) -> None:
    chance = random.Random(1)
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(export(path, {}), "a", zipfile.ZIP_DEFLATED) as archive:
        for day in range(400):
            rows = [said(f"{chance.random()} " * 5, f"{day}.{i:06}") for i in range(500)]
            archive.writestr(f"general/{2000 + day // 28}-01-{1 + day % 28:02}.json", json.dumps(rows))
    tracemalloc.start()
    try:
        with SlackExport(path) as opened:
            count = sum(isinstance(item, Posted) for item in opened.messages())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 200_000
    assert peak < 8 << 20
