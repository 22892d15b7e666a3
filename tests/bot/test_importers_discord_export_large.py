"""DiscordChatExporter's files that are large, cut short or hostile: runs, keys, and little memory."""

import json
import tracemalloc
from pathlib import Path

import pytest

from bot.importers.discord_export import DiscordExport
from bot.importers.source import ImportRefused
from tests.fakes.discord_export import GENERAL, GUILD, busy_export, everything, export, said, user


def test_a_file_cut_short_gives_what_came_before_and_keeps_the_keys_of_the_whole(tmp_path: Path) -> None:
    whole = DiscordExport(busy_export(tmp_path / "whole.json", 2500))
    data = (tmp_path / "whole.json").read_bytes()
    (tmp_path / "short.json").write_bytes(data[: len(data) * 9 // 10])
    short = DiscordExport(tmp_path / "short.json")
    keys = [(part.key, len(part.rows)) for part in whole.parts()]
    found: list[tuple[str, int]] = []
    with pytest.raises(ImportRefused, match=r"short\.json is no JSON, cut short or damaged"):
        found.extend((part.key, len(part.rows)) for part in short.parts())
    assert [length for _, length in keys] == [1000, 1000, 500]
    assert found[:2] == keys[:2]
    assert found[2][0] == keys[1][0]
    assert 0 < found[2][1] < 500
    assert short.fingerprint == whole.fingerprint


def test_progress_grows_to_the_whole(tmp_path: Path) -> None:
    shares = [part.progress for part in DiscordExport(busy_export(tmp_path / "x.json", 3500)).parts()]
    assert shares == sorted(shares)
    assert len(shares) == 4
    assert 0 < shares[0] < 0.5
    assert 0.9 < shares[-1] <= 1.0


def test_a_large_export_is_streamed_in_little_memory(tmp_path: Path) -> None:
    path = busy_export(tmp_path / "x.json", 20_000)
    assert path.stat().st_size > 12 << 20
    tracemalloc.start()
    try:
        opened = DiscordExport(path)
        count = sum(1 for part in opened.parts() for _ in opened.read(part))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count > 20_000
    assert peak < 6 << 20


def test_a_reaction_of_a_whole_town_is_passed_over_unbuilt(tmp_path: Path) -> None:
    crowd = [user(str(n), f"user{n}") for n in range(20_000)]
    path = export(tmp_path / "x.json", said("hello", reactions=[{"emoji": {}, "count": 20_000, "users": crowd}]))
    tracemalloc.start()
    try:
        posted, _, _ = everything(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [one.text for one in posted] == ["hello"]
    assert peak < 4 << 20


def test_an_entry_with_more_in_it_than_any_message_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "x.json", said("kept"), said("x", 2, mentions=[{"id": str(n)} for n in range(30_000)]))
    with pytest.raises(ImportRefused, match="more in it than any message"):
        everything(path)


def test_keys_that_stand_twice_and_junk_after_the_messages_are_harmless(tmp_path: Path) -> None:
    text = json.dumps(said("hi"))
    head = f'"guild": {json.dumps(GUILD)}, "channel": {json.dumps(GENERAL)}'
    path = tmp_path / "x.json"
    path.write_text(f'{{{head}, "messages": [{text}], "messages": [{text}], "guild": 5, "more": [[{{}}]]}}')
    posted, left, _ = everything(path)
    assert [one.text for one in posted] == ["hi"]
    assert left == {"duplicate": 1}
