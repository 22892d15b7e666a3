"""Discord's data packages, newer and older: one person's own words, and none of what they said in private."""

import struct
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.importers.archive import ArchiveLimits
from bot.importers.discord_package import SHELF, DiscordPackage
from bot.importers.source import ImportRefused
from tests.fakes.discord_package import DIRECT, GENERAL, OWNER, channel, csv_of, package, said, taken


def test_each_message_is_the_owners_and_a_conversation_of_its_own(tmp_path: Path) -> None:
    path = package(tmp_path / "p.zip", channel(GENERAL, said("second", 2), said("first", 1), said("", 3)))
    posted, left = taken(path)
    assert [(one.id, one.author, one.text, one.conversation) for one in posted] == [
        ("2001", "11", "first", "2001"),
        ("2002", "11", "second", "2002"),
    ]
    assert posted[0].at == datetime(2024, 5, 1, 8, 1, tzinfo=UTC)
    assert left == {"empty": 1}
    with DiscordPackage(path) as opened:
        assert opened.workspace == SHELF
        assert [(one.id, one.name) for one in opened.members] == [("11", "Aki")]
        assert [(one.id, one.name) for one in opened.channels] == [("510", "Harbour/general")]


def test_an_older_package_holds_csv_in_folders_without_a_letter(tmp_path: Path) -> None:
    old = GENERAL | {"type": 0}
    rows = csv_of(
        said('two\r\nlines, and "quotes"', 1, Timestamp="2020-08-25 22:54:05.726000+00:00"),
        said("", 2, Attachments="https://cdn.example.org/boat.png"),
    )
    files = {"messages/index.json": {"510": "general in Harbour"}}
    files |= {"messages/510/channel.json": old, "messages/510/messages.csv": rows}
    posted, left = taken(package(tmp_path / "p.zip", files))
    assert [(one.id, one.text) for one in posted] == [("2001", 'two\r\nlines, and "quotes"')]
    assert posted[0].at == datetime(2020, 8, 25, 22, 54, 5, 726000, tzinfo=UTC)
    assert left == {"empty": 1}


@pytest.mark.parametrize(
    ("account", "folder"),
    [
        ("Account", "Messages/c{id}"),
        ("アカウント", "メッセージ/c{id}"),
        ("my package/account", "my package/messages/c{id}"),
        ("account", "messages/{id}"),
    ],
)
def test_folders_are_found_by_shape_in_any_language_and_case(tmp_path: Path, account: str, folder: str) -> None:
    path = package(tmp_path / "p.zip", channel(GENERAL, said("hi"), folder=folder), account=account)
    assert [one.text for one in taken(path)[0]] == ["hi"]


@pytest.mark.parametrize(
    "facts",
    [
        DIRECT,
        {"id": "530", "type": 1, "recipients": ["11", "12"]},
        {"id": "530", "type": 3},
        {"id": "530", "type": "GROUP_DM", "name": "the crew"},
        {"id": "530", "type": "PRIVATE_THREAD", "name": "plans", "guild": {"id": "5", "name": "Harbour"}},
        {"id": "530", "type": 0, "recipients": ["11", "12"]},
    ],
)
def test_private_conversations_are_left_out_unless_wanted(tmp_path: Path, facts: dict[str, Any]) -> None:
    path = package(tmp_path / "p.zip", channel(GENERAL, said("hi")) | channel(facts, said("a secret", 9)))
    posted, left = taken(path)
    assert [one.text for one in posted] == ["hi"]
    assert left == {"private": 1}
    posted, left = taken(path, private=True)
    assert {one.text for one in posted} == {"hi", "a secret"}
    assert not left
    with DiscordPackage(path, private=True) as wanted, DiscordPackage(path) as unasked:
        assert {one.name for one in wanted.channels} == {"Harbour/general", "direct-530"}
        assert wanted.fingerprint != unasked.fingerprint


def test_a_channel_of_which_nothing_is_known_is_left_out(tmp_path: Path) -> None:
    files = channel(GENERAL, said("hi")) | channel(None, said("where was that?"), id="540")
    posted, left = taken(package(tmp_path / "p.zip", files))
    assert [one.text for one in posted] == ["hi"]
    assert left == {"unlisted": 1}


def test_a_channel_without_a_name_is_called_as_the_package_lists_it(tmp_path: Path) -> None:
    files = channel({"id": "550", "type": 0}, said("one")) | channel({"id": "560", "type": 0}, said("two"))
    files["messages/index.json"] = {"550": "general in Old Harbour", "560": None}
    with DiscordPackage(package(tmp_path / "p.zip", files)) as opened:
        assert [one.name for one in opened.channels] == ["general in Old Harbour", "560"]


def test_whom_the_owner_mentioned_agreed_to_nothing_and_is_not_kept(tmp_path: Path) -> None:
    path = package(tmp_path / "p.zip", channel(GENERAL, said("<@12> look <:wave:5>")))
    assert taken(path)[0][0].text == "@someone look :wave:"


@pytest.mark.parametrize(
    "row", [None, 5, {}, said("x", ID="a"), said("x", ID=-1), said("x", ID=True), said("x", Timestamp="soon"), said([])]
)
def test_a_malformed_row_is_counted(tmp_path: Path, row: Any) -> None:
    posted, left = taken(package(tmp_path / "p.zip", channel(GENERAL, row, said("kept", 2))))
    assert [one.text for one in posted] == ["kept"]
    assert left == {"malformed": 1}


def test_what_is_no_package_is_refused_with_what_to_take(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"p\.zip holds no messages as Discord's data packages do.*\.$"):
        taken(package(tmp_path / "p.zip", {}))
    with pytest.raises(ImportRefused, match=r"does not say whose it is"):
        taken(package(tmp_path / "p.zip", channel(GENERAL), user=None))
    with pytest.raises(ImportRefused, match=r"does not say whose it is"):
        taken(package(tmp_path / "p.zip", channel(GENERAL), user={"id": None}))


@pytest.mark.parametrize("contents", [b"{", b"", b"\xff\xfe[", b'[{"ID": 1', b"[" * 99_999, b'"text"'])
def test_a_damaged_channel_is_refused_by_name(tmp_path: Path, contents: bytes) -> None:
    files = channel(GENERAL) | {"messages/c510/messages.json": contents}
    with pytest.raises(ImportRefused, match=r"messages/c510/messages\.json in p\.zip .*\.$"):
        taken(package(tmp_path / "p.zip", files))


@pytest.mark.parametrize(
    "contents", [b"ID,Time\xff", b"a,b\n1,2", b"", b"ID\n" + b"x" * 999_999, b'ID,Contents\n1,"' + b"a\n" * 99_999]
)
def test_damaged_csv_is_refused_by_name(tmp_path: Path, contents: bytes) -> None:
    files = {"messages/510/channel.json": GENERAL, "messages/510/messages.csv": contents}
    with pytest.raises(ImportRefused, match=r"messages/510/messages\.csv in p\.zip .*\.$"):
        taken(package(tmp_path / "p.zip", files))


def test_what_is_never_read_may_be_as_large_as_it_likes(tmp_path: Path) -> None:
    path = package(tmp_path / "p.zip", channel(GENERAL, said("hi")))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("activity/analytics/events-2024-00000-of-00001.json", b" " * (8 << 20))
    assert [one.text for one in taken(path, limits=ArchiveLimits(member_bytes=1 << 20))[0]] == ["hi"]


def test_a_channel_that_would_swell_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = package(tmp_path / "p.zip", channel(GENERAL) | {"messages/c510/messages.json": b" " * (8 << 20)})
    with pytest.raises(ImportRefused, match="zip bomb"):
        DiscordPackage(path)


def test_a_directory_that_lies_about_sizes_yields_no_more_than_it_declares(tmp_path: Path) -> None:
    bomb = b"[" + b" " * (8 << 20) + b"]"
    path = package(tmp_path / "p.zip", channel(GENERAL) | {"messages/c510/messages.json": bomb})
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    assert struct.unpack_from("<I", data, entry + 24)[0] == len(bomb)
    struct.pack_into("<I", data, entry + 24, 100)
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(ImportRefused, match="is damaged"):
            taken(path)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_a_busy_channel_is_streamed_in_little_memory(tmp_path: Path) -> None:
    rows = [said(f"word {n} about the harbour", 1, ID=n) for n in range(30_000)]
    path = package(tmp_path / "p.zip", channel(GENERAL, *rows))
    tracemalloc.start()
    try:
        with DiscordPackage(path) as opened:
            runs = [(part.key, sum(1 for _ in opened.read(part))) for part in opened.parts()]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(length for _, length in runs) == 30_000
    assert len({key for key, _ in runs}) == 30
    assert peak < 4 << 20


def test_the_owners_name_falls_back_to_their_handle(tmp_path: Path) -> None:
    path = package(tmp_path / "p.zip", channel(GENERAL), user=OWNER | {"global_name": None})
    with DiscordPackage(path) as opened:
        assert [one.name for one in opened.members] == ["aki"]
