"""Any file, however damaged or hostile, ends in rows or in one sentence that says what was kept.

Every importer meets the same: bytes turned over, files cut anywhere, JSON of other shapes in the right places,
numbers, depths and characters that no platform writes, zips that climb. Some examples go all the way into a database.
"""

import asyncio
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.chat.collecting.ingest import Import, Imported, ImportInterrupted
from bot.chat.events import LeftOut, MemberSeen, Posted
from bot.importers.discord_export import DiscordExport
from bot.importers.discord_package import DiscordPackage
from bot.importers.slack_export import SlackExport
from bot.importers.source import ImportRefused
from bot.importers.text_file import TextFile
from db.models import Message
from db.models.text import Provenance
from db.session import open_engine, sessions_of
from tests.conftest import sqlite_url
from tests.fakes import discord_export
from tests.fakes.archive import OWNER, count
from tests.fakes.damage import NASTY, SHAPES, damaged, good, with_damaged_member

pytestmark = pytest.mark.timeout(200)

FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
INTO_ROWS = settings(FUZZ, max_examples=25)

OPENERS: dict[str, tuple[Callable[[Path], Any], Provenance]] = {
    "slack_export": (SlackExport, "slack_export"),
    "text_file": (TextFile, "owner_file"),
    "discord_export": (DiscordExport, "discord_export"),
    "discord_package": (lambda path: DiscordPackage(path, private=True), "discord_package"),
}
kinds = pytest.mark.parametrize("kind", OPENERS)


def one_sentence(error: Exception) -> str:
    told = str(error)
    assert told.endswith(".")
    assert "\n" not in told
    assert len(told) < 600
    return told


def read(kind: str, path: Path) -> None:
    """Everything that the importer makes of the file is fit for rows, or one sentence refuses it."""
    try:
        with ExitStack() as stack:
            archive = OPENERS[kind][0](path)
            if hasattr(archive, "close"):
                stack.callback(archive.close)
            for part in archive.parts():
                assert part.key.isprintable()
                for item in archive.read(part):
                    fit(item)
    except ImportRefused as error:
        one_sentence(error)


def fit(item: Posted | MemberSeen | LeftOut) -> None:
    if isinstance(item, Posted):
        assert item.text.strip()
        assert item.at.tzinfo is UTC or item.at.utcoffset() is not None
        strings = [item.text, item.id, item.channel, item.author or "", item.thread or "", item.reply_to or ""]
    elif isinstance(item, MemberSeen):
        strings = [item.id, item.name]
    else:
        assert item.count > 0
        strings = [item.reason]
    assert all("\x00" not in text and text.encode() is not None for text in strings)


def into_rows(kind: str, path: Path, migrated: Path) -> None:
    """The whole road: what is told to be stored is what a reader finds, whatever the file was."""
    database = path.with_suffix(".db")
    shutil.copy(migrated, database)
    asyncio.run(_import(kind, path, database))


async def _import(kind: str, path: Path, database: Path) -> None:
    engine = open_engine(sqlite_url(database))
    sessions = sessions_of(engine)
    opener, provenance = OPENERS[kind]
    told, stopped = Imported(), None
    try:
        with ExitStack() as stack:
            archive = opener(path)
            if hasattr(archive, "close"):
                stack.callback(archive.close)
            importing = Import(sessions, archive, provenance, OWNER)
            told = importing.outcome
            try:
                await importing.run("they agreed", lambda share: None)
            except ImportInterrupted as error:
                stopped = error
    except ImportRefused as error:
        one_sentence(error)
    stored = await count(sessions, Message)
    await engine.dispose()
    if stopped is not None:
        assert isinstance(stopped.__cause__, ImportRefused)
        assert f" {told.stored + told.unchanged:,} messages before it are kept" in one_sentence(stopped)
    assert stored == told.stored


chances = st.integers(0, 2**32).map(random.Random)


@kinds
def test_a_good_file_of_each_kind_is_read_and_stored(kind: str, tmp_path: Path, migrated_sqlite: Path) -> None:
    path = good(kind, tmp_path / "good")
    archive = OPENERS[kind][0](path)
    assert sum(isinstance(item, Posted) for part in archive.parts() for item in archive.read(part)) > 5
    into_rows(kind, path, migrated_sqlite)


@kinds
@FUZZ
@given(chance=chances)
def test_any_damaged_bytes_end_in_values_or_one_sentence(kind: str, tmp_path: Path, chance: random.Random) -> None:
    path = tmp_path / "f"
    path.write_bytes(damaged(good(kind, tmp_path / "good").read_bytes(), chance))
    read(kind, path)


@pytest.mark.parametrize("kind", ["slack_export", "discord_package"])
@FUZZ
@given(chance=chances)
def test_any_damaged_member_of_a_sound_zip_ends_in_values_or_one_sentence(
    kind: str, tmp_path: Path, chance: random.Random
) -> None:
    read(kind, with_damaged_member(kind, tmp_path, chance))


@kinds
@INTO_ROWS
@given(chance=chances)
def test_any_damaged_file_ends_in_rows_or_says_what_was_kept(
    kind: str, tmp_path: Path, migrated_sqlite: Path, chance: random.Random
) -> None:
    path = tmp_path / "f.zip"
    if kind in ("slack_export", "discord_package"):
        path = with_damaged_member(kind, tmp_path, chance)
    else:
        path.write_bytes(damaged(good(kind, tmp_path / "good").read_bytes(), chance))
    into_rows(kind, path, migrated_sqlite)


@kinds
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.8, 0.97, 0.999])
def test_a_file_cut_anywhere_ends_in_rows_or_says_what_was_kept(
    kind: str, tmp_path: Path, migrated_sqlite: Path, share: float
) -> None:
    data = good(kind, tmp_path / "good").read_bytes()
    (tmp_path / "cut").write_bytes(data[: int(len(data) * share)])
    into_rows(kind, tmp_path / "cut", migrated_sqlite)


@kinds
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp932", "euc_jp", "utf-7"])
def test_a_file_in_another_encoding_ends_in_values_or_one_sentence(kind: str, tmp_path: Path, encoding: str) -> None:
    text = '{"guild": {"id": "1", "name": "港"}, "channel": {"id": "2", "name": "港"}, "messages": []}'
    (tmp_path / "f").write_bytes(text.encode(encoding))
    read(kind, tmp_path / "f")


names = st.sampled_from(
    [
        "id", "type", "timestamp", "timestampEdited", "content", "author", "name", "nickname", "isBot", "mentions",
        "reference", "messageId", "forwardedMessage", "guild", "channel", "categoryId", "ID", "Timestamp", "Contents",
        "recipients", "ts", "text", "user", "thread_ts", "subtype", "edited", "bot_id", "profile", "team_id",
        "global_name",
    ]
)  # fmt: skip
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(
        [
            "1", "11", "900000000000000010", "Default", "Reply", "GuildPublicThread", "DM",
            "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-05-01", "2024-W01-1", "99999999999.999999",
            "1.0", "<@12>", "<@member:1>", "<t:999999999999:R>", "deleted_user_abcdef", 2**63, -(2**70), 10**400,
            "٣", "²", "１１",
        ]
    )
)  # fmt: skip
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5), max_leaves=12
)
rows = st.lists(st.dictionaries(names, anything, max_size=6) | anything, max_size=5)


@pytest.mark.parametrize("kind", SHAPES)
@FUZZ
@given(values=rows, other=anything)
def test_any_values_in_the_right_places_end_in_values_or_one_sentence(
    kind: str, tmp_path: Path, values: list[Any], other: Any
) -> None:
    read(kind, SHAPES[kind](tmp_path / "f.zip", values, other))


@pytest.mark.parametrize("kind", SHAPES)
@INTO_ROWS
@given(values=rows)
def test_any_rows_are_stored_or_counted(kind: str, tmp_path: Path, migrated_sqlite: Path, values: list[Any]) -> None:
    into_rows(kind, SHAPES[kind](tmp_path / "f.zip", values, None), migrated_sqlite)


paths = st.sampled_from(
    [
        "../x.json", "/etc/passwd", "C:/x", "a\\b", "messages/../../x", "messages/c1/../messages.json", "", ".", "//",
        "users.json", "channels.json", "general/2019-01-01.json", "messages/c510/messages.json",
        "messages/c510/messages.csv",
        "MESSAGES/C510/MESSAGES.JSON", "messages/510/messages.json", "account/user.json", "other/user.json",
        "a/b/user.json",
        "x/c7/channel.json", "general/2019-01-01.json/", "\x00.json", "messages/c99999999999999999999999/messages.json",
    ]
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", ["slack_export", "discord_package"])
@FUZZ
@given(added=st.lists(st.tuples(paths, st.sampled_from([b"[]", b"{}", b"", b"5", b" " * (2 << 20)])), max_size=4))
def test_any_names_in_a_zip_end_in_values_or_one_sentence(
    kind: str, tmp_path: Path, added: list[tuple[str, bytes]]
) -> None:
    path = good(kind, tmp_path / "f.zip")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in added:
            archive.writestr(zipfile.ZipInfo(name or "empty"), data, zipfile.ZIP_DEFLATED)
    read(kind, path)


@pytest.mark.parametrize("kind", OPENERS)
def test_a_name_that_is_no_text_is_no_trouble(kind: str, tmp_path: Path, migrated_sqlite: Path) -> None:
    into_rows(kind, good(kind, tmp_path / b"\xff\xfe [b]x".decode(errors="surrogateescape")), migrated_sqlite)


def test_nasty_bytes_stand_where_a_value_should(tmp_path: Path) -> None:
    text = json.dumps(discord_export.said("HERE")).encode()
    head = discord_export.export(tmp_path / "good").read_bytes().replace(b'"messages": []', b'"messages": [HERE]')
    for nasty in NASTY:
        (tmp_path / "f").write_bytes(head.replace(b"HERE", text.replace(b'"HERE"', nasty)))
        read("discord_export", tmp_path / "f")
