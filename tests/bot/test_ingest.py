"""Imports: nothing twice, nothing lost, whatever comes between; mentions, consent and strangers."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.chat.events import ChannelSeen, LeftOut, MemberSeen, Posted, WorkspaceSeen
from bot.chat.ingest import Import, Imported, ImportInterrupted
from bot.chat.verbs.text import GroundMissing
from bot.demo import HarbourRadio
from bot.importers.slack_export import SlackExport
from db import audit, channels, members, messages
from db.models import BackfillCursor, Consent, Member, Message, MessageRevision
from db.session import Sessions, open_engine, reading, sessions_of, transaction
from tests.conftest import sqlite_url

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    key: str
    items: Sequence[Posted | LeftOut]


class Damaged(Exception):
    """day file 3 is damaged; download the export again."""


@dataclass
class Book:
    """An archive in memory, that may break when a part is read."""

    pages: list[Part]
    people: Sequence[MemberSeen] = (
        MemberSeen("U1", "Ann"),
        MemberSeen("U2", "Ben"),
        MemberSeen("B1", "Bot", True),
    )
    breaks_at: str = ""
    read_parts: list[str] = field(default_factory=list)
    fingerprint: str = "book"
    left_out: Sequence[LeftOut] = (LeftOut("private", 2),)
    workspace: WorkspaceSeen = WorkspaceSeen("slack", "T1", "Harbour")  # noqa: RUF009  # it is frozen
    channels: Sequence[ChannelSeen] = (ChannelSeen("C1", "general"), ChannelSeen("C2", "random"))

    @property
    def members(self) -> Sequence[MemberSeen]:
        return self.people

    def parts(self) -> Sequence[Part]:
        return self.pages

    def read(self, part: Part) -> Iterator[Posted | LeftOut]:
        self.read_parts.append(part.key)
        if part.key == self.breaks_at:
            raise Damaged(Damaged.__doc__)
        yield from part.items


def said(number: int, author: str | None = "U1", text: str = "", channel: str = "C1", **more) -> Posted:
    at = MONDAY + timedelta(minutes=number)
    return Posted(channel, f"{at.timestamp():.6f}", author, at, text or f"message {number}", **more)


def diary(days: int = 6, a_day: int = 5, **changed) -> Book:
    people = ("U1", "U2")
    pages = [
        Part(f"day {day}", [said(100 * day + n, people[n % 2]) for n in range(a_day)] + [LeftOut("bot")])
        for day in range(1, days + 1)
    ]
    return Book(pages, **changed)


async def bring_in(sessions: Sessions, book, ground: str | None = None, progress=lambda fraction: None) -> Imported:
    return await Import(sessions, book, "slack_export", "shell:me").run(ground, progress)


async def everything(sessions: Sessions) -> list[tuple]:
    """What a reader could see of all messages, without row numbers."""
    query = (
        select(Message, Member.platform_id, MessageRevision)
        .join(Member, isouter=True)
        .join(MessageRevision)
        .order_by(Message.platform_id, MessageRevision.number)
    )
    async with reading(sessions) as session:
        return [
            (m.platform_id, author, m.at, m.thread, m.conversation, m.revision, r.text)
            for m, author, r in await session.execute(query)
        ]


async def count(sessions: Sessions, table: type) -> int:
    async with reading(sessions) as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_an_archive_becomes_rows_with_authors_and_counts(sessions: Sessions) -> None:
    done = await bring_in(sessions, diary())
    assert (done.stored, done.unchanged, done.members, done.resumed) == (30, 0, 2, False)
    assert done.left_out == {"bot": 6, "private": 2}
    rows = await everything(sessions)
    assert len(rows) == 30
    assert {author for _, author, *_ in rows} == {"U1", "U2"}


async def test_importing_again_changes_nothing(sessions: Sessions) -> None:
    await bring_in(sessions, diary())
    before = await everything(sessions)
    again = await bring_in(sessions, diary())
    assert (again.stored, again.revised, again.unchanged, again.resumed) == (0, 0, 30, False)
    assert await everything(sessions) == before
    assert await count(sessions, Member) == 2


@pytest.mark.parametrize("broken", [1, 3, 6])
async def test_an_interrupted_import_goes_on_with_nothing_twice_and_nothing_lost(
    sessions: Sessions, broken: int
) -> None:
    with pytest.raises(ImportInterrupted, match=rf"download the export again\. {5 * (broken - 1)} messages before"):
        await bring_in(sessions, diary(breaks_at=f"day {broken}"))
    assert await count(sessions, Message) == 5 * (broken - 1)
    whole = diary()
    done = await bring_in(sessions, whole)
    assert done.resumed == (broken > 1)
    assert whole.read_parts == [f"day {day}" for day in range(broken, 7)]
    rows = await everything(sessions)
    assert len({row[0] for row in rows}) == len(rows) == 30


async def test_a_part_that_was_half_stored_is_read_again_whole(
    sqlite_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = diary(days=1, a_day=450)  # three batches
    original, batches = messages.store, 0

    async def fails_in_the_second_batch(*args):
        nonlocal batches
        batches += 1
        if batches == 2:
            raise ConnectionError
        return await original(*args)

    monkeypatch.setattr(messages, "store", fails_in_the_second_batch)
    with pytest.raises(ConnectionError):
        await bring_in(sqlite_sessions, book)
    assert await count(sqlite_sessions, Message) == 200
    assert await count(sqlite_sessions, BackfillCursor) == 0
    done = await bring_in(sqlite_sessions, book)
    assert (done.stored, done.unchanged) == (250, 200)


async def test_another_file_does_not_go_on_where_this_one_stopped(sqlite_sessions: Sessions) -> None:
    with pytest.raises(ImportInterrupted):
        await bring_in(sqlite_sessions, diary(breaks_at="day 3"))
    done = await bring_in(sqlite_sessions, diary(fingerprint="another"))
    assert (done.stored, done.unchanged, done.resumed) == (20, 10, False)


async def test_mentions_of_members_become_row_references(sessions: Sessions) -> None:
    await bring_in(sessions, Book([Part("day", [said(1, "U1", "ask <@member:U2>, or <@member:U77>")])]))
    async with reading(sessions) as session:
        text = (await session.scalars(select(MessageRevision.text))).one()
        ids = {member.platform_id: member.id for member in await session.scalars(select(Member))}
    assert text == f"ask <@member:{ids['U2']}>, or <@member:{ids['U77']}>"


async def test_the_review_list_shows_names_where_members_are_mentioned(sessions: Sessions) -> None:
    await bring_in(sessions, Book([Part("day", [said(1, "U1", "ask <@member:U2>, or <@member:U77>")])]))
    async with reading(sessions) as session:
        channel = await channels.named(session, "general")
        listed = await messages.listed(session, channel, None, 10)
    assert [(row.author, row.text) for row in listed] == [("Ann", "ask @Ben, or @U77")]


async def test_strangers_are_met_and_bots_are_no_members(sessions: Sessions) -> None:
    await bring_in(sessions, Book([Part("day", [said(1, "U9"), said(2, None, "nobody's")])]))
    async with reading(sessions) as session:
        names = {member.platform_id: member.name for member in await session.scalars(select(Member))}
    assert names == {"U1": "Ann", "U2": "Ben", "U9": "U9"}


async def test_a_name_that_is_known_survives_a_file_that_lacks_it(sessions: Sessions) -> None:
    await bring_in(sessions, diary())
    await bring_in(sessions, Book([Part("day", [said(9, "U1", "<@member:U2>")])], people=(), fingerprint="other"))
    async with reading(sessions) as session:
        names = {member.name for member in await session.scalars(select(Member))}
    assert names == {"Ann", "Ben"}


async def test_the_owners_statement_is_recorded_for_each_author(sessions: Sessions) -> None:
    done = await bring_in(sessions, diary(), "signed forms of 2 May")
    assert done.consents == 2
    async with reading(sessions) as session:
        answers = list(await session.scalars(select(Consent)))
        assert await members.consenting(session, "community") == {row.member_id for row in answers}
        assert await members.consenting(session, "voice") == set()
    assert {(row.answer, row.ground, row.by) for row in answers} == {(True, "signed forms of 2 May", "shell:me")}


async def test_without_a_statement_nobody_has_agreed(sessions: Sessions) -> None:
    await bring_in(sessions, diary())
    assert await count(sessions, Consent) == 0


async def test_the_statement_never_overrules_a_members_own_no(sessions: Sessions) -> None:
    await bring_in(sessions, diary())
    async with transaction(sessions) as session:
        ann = await members.named(session, "Ann")
        await members.answer(session, [ann.id], "community", False, "told me", "member:1", MONDAY)
    done = await bring_in(sessions, diary(), "signed forms")
    assert done.consents == 1
    async with reading(sessions) as session:
        agreed = await members.consenting(session, "community")
        assert agreed == {(await members.named(session, "Ben")).id}


@pytest.mark.parametrize("ground", ["", "  "])
async def test_a_statement_without_a_ground_is_refused_before_anything_is_stored(
    sqlite_sessions: Sessions, ground: str
) -> None:
    with pytest.raises(GroundMissing, match="what this consent rests on"):
        await bring_in(sqlite_sessions, diary(), ground)
    assert await count(sqlite_sessions, Message) == await count(sqlite_sessions, Member) == 0


async def test_an_import_is_audited_without_any_text(sqlite_sessions: Sessions) -> None:
    await bring_in(sqlite_sessions, diary(), "signed forms")
    async with reading(sqlite_sessions) as session:
        row = (await audit.latest(session))[0]
    assert (row.verb, row.actor) == ("import", "shell:me")
    assert row.subject == {"source": "slack_export:book", "workspace": "Harbour", "ground": "signed forms"}


async def test_progress_grows_to_the_whole_and_parts_may_tell_it_themselves(
    sqlite_sessions: Sessions,
) -> None:
    told: list[float] = []
    await bring_in(sqlite_sessions, diary(days=4), progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]

    @dataclass(frozen=True)
    class Weighed(Part):
        progress: float

    told.clear()
    pages = [Weighed("a", [said(1)], 0.9), Weighed("b", [said(2)], 1.0)]
    await bring_in(sqlite_sessions, Book(pages, fingerprint="weighed"), progress=told.append)
    assert told == [0.9, 1.0]


async def test_a_text_carries_the_time_of_its_edit(sessions: Sessions) -> None:
    edited, posted = MONDAY + timedelta(days=1), said(1, text="second thoughts")
    await bring_in(sessions, Book([Part("day", [said(1, text="second thoughts", edited_at=edited)])]))
    async with reading(sessions) as session:
        revision = (await session.scalars(select(MessageRevision))).one()
        message = (await session.scalars(select(Message))).one()
    assert (revision.at, message.at) == (edited, posted.at)


async def test_an_edit_is_dated_and_an_older_export_does_not_bring_the_old_text_back(
    sessions: Sessions,
) -> None:
    first, second = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    old = Book([Part("day", [said(1, text="one", edited_at=first)])], fingerprint="old")
    new = Book([Part("day", [said(1, text="two", edited_at=second)])], fingerprint="new")
    await bring_in(sessions, old)
    assert (await bring_in(sessions, new)).revised == 1
    again = await bring_in(sessions, old)
    assert (again.revised, again.unchanged) == (0, 1)
    async with reading(sessions) as session:
        rows = list(await session.scalars(select(MessageRevision).order_by(MessageRevision.number)))
    assert [(row.text, row.at) for row in rows] == [("one", first), ("two", second)]


# --- real files


async def test_the_elm_export_is_stored_whole(sessions: Sessions, shared_data: Path) -> None:
    told: list[float] = []
    with SlackExport(shared_data / "slack-export-elm.zip") as archive:
        done = await bring_in(sessions, archive, "research data", told.append)
    assert (done.stored, done.members, done.consents) == (6000, 360, 360)
    assert await count(sessions, Message) == 6000
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 50


async def test_the_demo_archive_takes_the_same_road(sessions: Sessions) -> None:
    club = HarbourRadio()
    done = await Import(sessions, club, "owner_file", "shell:me").run("ours", lambda fraction: None)
    assert done.stored == sum(len(part.messages) for part in club.parts())
    assert done.members == done.consents == 6


def export_zip(file: Path, days: int, a_day: int) -> Path:
    users = [{"id": f"U{n}", "team_id": "T1", "name": f"user{n}"} for n in range(7)]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.json", json.dumps(users))
        archive.writestr("channels.json", json.dumps([{"id": "C1", "name": "general"}]))
        for day in range(days):
            start = int((MONDAY + timedelta(days=day)).timestamp())
            rows = [
                {
                    "type": "message",
                    "user": f"U{n % 7}",
                    "text": f"<@U{n % 5}> word {n}",
                    "ts": f"{start + 60 * n}.000100",
                }
                for n in range(a_day)
            ]
            date = (MONDAY + timedelta(days=day)).date()
            archive.writestr(f"general/{date}.json", json.dumps(rows))
    return file


async def test_an_import_killed_midway_ends_with_the_rows_of_an_uninterrupted_one(tmp_path: Path) -> None:
    file = export_zip(tmp_path / "export.zip", days=60, a_day=120)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    start_import(file, whole).communicate(timeout=60)
    process = start_import(file, killed)
    stored = wait_for_rows(killed / "data" / "yamabiko.db", 1000)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert stored < 60 * 120
    again = start_import(file, killed)
    output = again.communicate(timeout=60)[0]
    assert again.returncode == 0
    assert json.loads(output)["resumed"] is True
    assert await rows_in(killed) == await rows_in(whole)
    assert len(await rows_in(whole)) == 60 * 120


def start_import(file: Path, folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text("")
    command = [
        sys.executable,
        "-c",
        "from bot.cli import main; main()",
        "--config",
        str(folder / "config.toml"),
    ]
    return subprocess.Popen(
        [*command, "import", "slack-export", str(file), "--json"], stdout=subprocess.PIPE, text=True
    )


def wait_for_rows(file: Path, wanted: int) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if file.is_file():
            try:
                found = committed(file)
            except sqlite3.OperationalError:  # the table is not there yet
                found = 0
            if found >= wanted:
                return found
        time.sleep(0.02)
    raise AssertionError("the import did not come so far")


def committed(file: Path) -> int:
    with contextlib.closing(sqlite3.connect(file, timeout=5)) as connection:
        return connection.execute("SELECT count(*) FROM message").fetchone()[0]


async def rows_in(folder: Path) -> list[tuple]:
    engine = open_engine(sqlite_url(folder / "data" / "yamabiko.db"))
    try:
        return await everything(sessions_of(engine))
    finally:
        await engine.dispose()
