"""Slack exports: what is taken, and what is left out."""

import json
import re
import unicodedata
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.chat.events import ChannelSeen, MemberSeen
from bot.importers.slack_export import SlackExport
from tests.fakes.slack_export import CHANNELS, USERS, export, one_day, said, taken

ELM = Path(__file__).parents[2] / "../shared/data/slack-export-elm.zip"


@pytest.mark.skipif(not ELM.exists(), reason="the Elm export is not beside the project")
def test_a_real_export_gives_every_message_and_member() -> None:
    with SlackExport(ELM) as opened:
        assert len(opened.members) == 360
        assert opened.workspace.id == "T00000001"
        assert opened.channels == [ChannelSeen("C00000001", "general")]
    posted, left = taken(ELM)
    assert (len(posted), len({message.id for message in posted}), left) == (6000, 6000, Counter())
    assert [message.at for message in posted] == sorted(message.at for message in posted)
    # One author wrote about the entity itself; every other `<` was typed, or opens a mention.
    assert [message.text for message in posted if re.search("&(amp|lt|gt);", message.text)] == [
        "if I `escape` that database value using that package, I get `&amp;#8902`"
    ]
    with zipfile.ZipFile(ELM) as archive:
        raw = [row["text"] for name in archive.namelist() if "/" in name for row in json.loads(archive.read(name))]
    typed = sum(text.count("&lt;") + text.count("<@") for text in raw)
    assert sum(message.text.count("<") for message in posted) == typed


def test_members_go_by_their_display_name_and_bots_are_flagged(tmp_path: Path) -> None:
    with SlackExport(export(tmp_path / "Acme Slack export Jan 1 2019 - Jan 2 2019.zip", {})) as opened:
        assert opened.members[:3] == [
            MemberSeen("U1", "Aki"),
            MemberSeen("U2", "Ben"),
            MemberSeen("B1", "helper", is_bot=True),
        ]
        assert (opened.workspace.platform, opened.workspace.id, opened.workspace.name) == (
            "slack",
            "T1",
            "Acme",
        )


def test_an_export_without_a_team_is_known_by_its_channels(tmp_path: Path) -> None:
    users = [{"id": "U1", "name": "aki"}]
    days = {"general/2019-01-01.json": [said("hi")]}
    first = export(tmp_path / "a.zip", days, users=users)
    second = export(tmp_path / "b.zip", {}, users=users, channels=CHANNELS[::-1])
    with SlackExport(first) as a, SlackExport(second) as b:
        assert a.workspace.id == b.workspace.id
        assert a.workspace.id.startswith("export-")
    assert [message.text for message in taken(first)[0]] == ["hi"]


def test_a_timestamp_becomes_utc_to_the_microsecond(tmp_path: Path) -> None:
    posted, _ = one_day(tmp_path, said("a", "1546300800.000007"), said("b", "1546300800.1"))
    assert posted[0].at == datetime(2019, 1, 1, 0, 0, 0, 7, tzinfo=UTC)
    assert posted[1].at == datetime(2019, 1, 1, 0, 0, 0, 100_000, tzinfo=UTC)
    assert posted[0].id == "1546300800.000007"


def test_threads_replies_and_edits_keep_their_links(tmp_path: Path) -> None:
    root, reply = "1546300000.000100", "1546300009.000200"
    posted, _ = one_day(
        tmp_path,
        said("answer", reply, "U2", thread_ts=root, parent_user_id="U1"),
        said("question", root, thread_ts=root, edited={"user": "U1", "ts": "1546300005.000000"}),
        said("outside", "1546300010.000000"),
    )
    question, answer, outside = posted
    assert (question.thread, question.reply_to) == (root, None)
    assert question.edited_at == datetime(2018, 12, 31, 23, 46, 45, tzinfo=UTC)
    assert (answer.thread, answer.reply_to, answer.edited_at) == (root, root, None)
    assert (outside.thread, outside.reply_to) == (None, None)


def test_what_nobody_of_the_workspace_said_is_left_out_and_counted(tmp_path: Path) -> None:
    posted, left = one_day(
        tmp_path,
        said("hello", "1.000001", client_msg_id="x"),
        said("to all", "2.000001", subtype="thread_broadcast", thread_ts="1.000001"),
        said("see this", "3.000001", subtype="file_share", files=[{"id": "F1"}]),
        said("waves", "4.000001", subtype="me_message"),
        said("joined", "5.000001", subtype="channel_join"),
        said("beep", "6.000001", subtype="bot_message", user=None, bot_id="B9"),
        said("beep", "7.000001", user="B1"),
        said("beep", "8.000001", bot_id="B9"),
        said("beep", "9.000001", user="USLACKBOT"),
        said("This message was deleted.", "10.000001", subtype="tombstone"),
        said("", "11.000001", files=[{"id": "F1"}]),
        said(" \x00 ", "12.000001"),
        said("who?", "13.000001", user=None),
        said("from elsewhere", "14.000001", user="U9"),
        said("from elsewhere", "15.000001", user="U777"),
        said("hello", "1.000001"),
    )
    assert [message.text for message in posted] == ["hello", "to all", "see this", "waves"]
    assert left == {
        "system": 1, "bot": 4, "deleted": 1, "empty": 2, "authorless": 1, "external": 2, "duplicate": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        "text", 7, None, [], said("x", 1546300000.0001), said("x", "soon"), said("x", "1546300000"),
        said(["x"]), said("x", user={"id": "U1"}), said("x", thread_ts="root"), said("x", thread_ts=5),
        said("x", subtype=[1]),
        said("x", "9" * 40 + ".000001"), said("x", "１２.000001"),
    ],
)  # fmt: skip
def test_one_malformed_message_is_counted_and_the_others_stay(tmp_path: Path, row: Any) -> None:
    posted, left = one_day(tmp_path, row, said("fine", "2.000001"))
    assert [message.text for message in posted] == ["fine"]
    assert left == {"malformed": 1}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&amp;lt; and &amp;amp;", "&lt; and &amp;"),
        ("<@U2> and <@U2|ben>", "<@member:U2> and <@member:U2>"),
        ("in <#C1|general>, <#C2> and <#C404>", "in #general, #雑談 and #channel"),
        ("<!here> <!channel|channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@design> <!subteam^S1>", "@design @group"),
        ("<!date^1546300000^{date}|New Year>", "New Year"),
        ("<https://a.org/?x=1&amp;y=2>", "https://a.org/?x=1&y=2"),
        ("<http://elm-lang.org|elm-lang.org>", "http://elm-lang.org"),
        ("see <https://a.org/b|the docs>", "see the docs (https://a.org/b)"),
        ("<mailto:a@b.org|a@b.org> <tel:+8190|+8190>", "a@b.org +8190"),
        ("if &lt;@U2&gt; then", "if <@U2> then"),
        ("a <> b < c", "a <> b < c"),
        ("half \ud83d pair, NUL \x00, whole \U0001f600", "half \ufffd pair, NUL , whole \U0001f600"),
    ],
)
def test_slack_notation_becomes_plain_words(tmp_path: Path, written: str, read: str) -> None:
    assert [message.text for message in one_day(tmp_path, said(written))[0]] == [read]


def test_direct_messages_are_never_opened_and_private_channels_only_when_asked(tmp_path: Path) -> None:
    damaged = b"not JSON: opening this would be refused"
    days = {
        "general/2019-01-01.json": [said("open")],
        "board/2019-01-01.json": [said("closed", "2.000001")],
        "D1/2019-01-01.json": damaged,
        "mpdm-aki--ben-1/2019-01-01.json": damaged,
        "unknown/2019-01-01.json": damaged,
    }
    files = {
        "groups": [{"id": "G1", "name": "board"}],
        "dms": [{"id": "D1", "members": ["U1", "U2"]}],
        "mpims": [{"id": "G2", "name": "mpdm-aki--ben-1"}],
    }
    path = export(tmp_path / "x.zip", days, **files)
    posted, left = taken(path)
    assert [message.text for message in posted] == ["open"]
    assert left == {"private": 3, "unlisted": 1}
    posted, left = taken(path, private_channels=True)
    assert {(message.channel, message.text) for message in posted} == {("C1", "open"), ("G1", "closed")}
    assert left == {"private": 2, "unlisted": 1}


def test_parts_have_a_fixed_order_and_reading_some_of_them_is_enough(tmp_path: Path) -> None:
    days = {f"{folder}/2019-01-0{day}.json": [said("x" * day, f"{day}.000001")] for day in (2, 1, 3)
            for folder in ("雑談", "general")}  # fmt: skip
    path = export(tmp_path / "x.zip", days)
    with SlackExport(path) as opened:
        parts = opened.parts()
        assert [part.key for part in parts] == sorted(days)
        assert [part.progress for part in parts] == sorted(part.progress for part in parts)
        assert parts[-1].progress == 1.0
        assert opened.total == sum(part.size for part in parts)
        fingerprint = opened.fingerprint
        first = [item for part in parts[:2] for item in opened.read(part)]
    with SlackExport(path) as again:
        assert again.fingerprint == fingerprint
        rest = [item for part in again.parts()[2:] for item in again.read(part)]
    posted, _ = taken(path)
    assert first + rest == posted
    changed = export(tmp_path / "y.zip", days | {"general/2019-01-01.json": [said("y", "1.000001")]})
    with SlackExport(changed) as other:
        assert other.fingerprint != fingerprint


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_export_zipped_again_on_a_desktop_is_understood(tmp_path: Path, form: Any) -> None:
    folder = unicodedata.normalize(form, "ガジェット")
    inner = {
        "My export/users.json": USERS,
        "My export/channels.json": [{"id": "C1", "name": "ガジェット"}],
        f"My export/{folder}/2019-01-01.json": [said("やあ")],
        "__MACOSX/My export/._users.json": [],
    }
    path = export(tmp_path / "x.zip", inner, users=None, channels=None)
    assert [(message.channel, message.text) for message in taken(path)[0]] == [("C1", "やあ")]


def test_a_zip_with_shift_jis_names_is_understood(tmp_path: Path) -> None:
    days = {"general/2019-01-01.json": [said("hi")], "XXXX/2019-01-01.json": [said("やあ", "2.000001")]}
    path = export(tmp_path / "x.zip", days)
    path.write_bytes(path.read_bytes().replace(b"XXXX", "雑談".encode("cp932")))
    assert {message.channel for message in taken(path)[0]} == {"C1", "C2"}
