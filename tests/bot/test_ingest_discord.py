"""Discord's files on their way into rows: people met midway, statements of consent, threads, interruptions."""

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.collecting.ingest import Import, Imported, ImportInterrupted
from bot.importers.discord_export import DiscordExport
from bot.importers.discord_package import DiscordPackage
from db import channels, members
from db.models import Channel, Consent, Member, Message, Workspace
from db.session import Sessions, reading, transaction
from tests.fakes import discord_package
from tests.fakes.archive import MONDAY, OWNER, count, everything
from tests.fakes.discord_export import AKI, BEN, GENERAL, THREAD, busy_export, export, said, user


async def bring_in(sessions: Sessions, path: Path, ground: str | None = None) -> Imported:
    return await Import(sessions, DiscordExport(path), "discord_export", OWNER).run(ground, lambda share: None)


async def agreed(sessions: Sessions) -> set[str]:
    async with reading(sessions) as session:
        names = await members.names(session, await members.consenting(session, "community"))
    return set(names.values())


def cut(path: Path, share: float) -> Path:
    """The first part of a file, beside it."""
    data = path.read_bytes()
    short = path.with_name(f"short {path.name}")
    short.write_bytes(data[: int(len(data) * share)])
    return short


async def test_an_export_becomes_rows_with_the_names_that_stand_in_it(sessions: Sessions, tmp_path: Path) -> None:
    row = said("@Cid is late", mentions=[user("13", "cid", "Cid")])
    done = await bring_in(sessions, export(tmp_path / "x.json", row, said("again", 2, BEN)))
    assert (done.stored, done.members) == (2, 2)
    async with reading(sessions) as session:
        names = {member.platform_id: member.name for member in await session.scalars(select(Member))}
        ids = {member.platform_id: member.id for member in await session.scalars(select(Member))}
        kinds = set(await session.scalars(select(Message.provenance)))
        place = (await session.scalars(select(Workspace))).one()
    assert names == {"11": "Aki", "12": "Ben Ó", "13": "Cid"}
    assert (place.platform, place.name, kinds) == ("discord", "Harbour", {"discord_export"})
    texts = {row[-1] for row in await everything(sessions)}
    assert texts == {f"<@member:{ids['13']}> is late", "again"}


async def test_the_statement_covers_each_author_however_late_they_write_and_nobody_else(
    sessions: Sessions, tmp_path: Path
) -> None:
    rows = [said(f"day {n}", n) for n in range(2200)] + [said("first word", 2300, BEN)]
    rows.append(said("@Cid?", 2301, mentions=[user("13", "cid", "Cid")]))
    done = await bring_in(sessions, export(tmp_path / "x.json", *rows), "signed forms")
    assert (done.members, done.consents) == (2, 2)
    assert await agreed(sessions) == {"Aki", "Ben Ó"}


async def test_the_statement_never_overrules_an_answer_of_someone_met_midway(
    sqlite_sessions: Sessions, tmp_path: Path
) -> None:
    path = export(tmp_path / "x.json", said("hi"), said("hello", 2, BEN))
    await bring_in(sqlite_sessions, path)
    async with transaction(sqlite_sessions) as session:
        aki = await members.named(session, "Aki")
        await members.answer(session, [aki.id], "community", False, "told me", "member:1", MONDAY)
    assert (await bring_in(sqlite_sessions, path, "signed forms")).consents == 1
    assert await agreed(sqlite_sessions) == {"Ben Ó"}


async def test_without_a_statement_nobody_has_agreed(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    await bring_in(sqlite_sessions, export(tmp_path / "x.json", said("hi")))
    assert await count(sqlite_sessions, Consent) == 0


async def test_importing_again_changes_nothing(sessions: Sessions, tmp_path: Path) -> None:
    path = busy_export(tmp_path / "x.json", 1500)
    await bring_in(sessions, path)
    before = await everything(sessions)
    again = await bring_in(sessions, path)
    assert (again.stored, again.unchanged, again.resumed) == (0, 1500, False)
    assert await everything(sessions) == before


async def test_a_whole_file_goes_on_where_one_cut_short_stopped(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    whole = busy_export(tmp_path / "x.json", 3300)
    with pytest.raises(ImportInterrupted, match=r"short x\.json is no JSON.* 2,\d\d\d messages before it are kept"):
        await bring_in(sqlite_sessions, cut(whole, 0.8))
    kept = await count(sqlite_sessions, Message)
    assert 2000 < kept < 3000
    done = await bring_in(sqlite_sessions, whole)
    assert done.resumed
    assert (done.unchanged, done.stored) == (kept - 2000, 3300 - kept)
    assert await count(sqlite_sessions, Message) == 3300


async def test_a_statement_made_when_going_on_covers_those_who_wrote_before_the_interruption(
    sqlite_sessions: Sessions, tmp_path: Path
) -> None:
    rows = [said("early", 0, BEN)] + [said(f"day {n}", n) for n in range(1, 2400)]
    whole = export(tmp_path / "x.json", *rows)
    with pytest.raises(ImportInterrupted):
        await bring_in(sqlite_sessions, cut(whole, 0.9))
    assert await agreed(sqlite_sessions) == set()
    done = await bring_in(sqlite_sessions, whole, "signed forms")
    assert done.resumed
    assert await agreed(sqlite_sessions) == {"Aki", "Ben Ó"}


async def test_a_thread_joins_the_conversation_of_the_message_it_hangs_on(sessions: Sessions, tmp_path: Path) -> None:
    await bring_in(sessions, export(tmp_path / "general.json", said("who has a boat?", 0, BEN), said("I", 1)))
    starter = [said("", 0, type="ThreadStarterMessage"), said("mine leaks", 90), said("mend it", 95, BEN)]
    await bring_in(sessions, export(tmp_path / "thread.json", *starter, channel=THREAD))
    assert {(row[0], row[3], row[4]) for row in await everything(sessions)} == {
        ("1000", None, "1000"),
        ("1001", None, "1000"),
        ("1090", "1000", "1000"),
        ("1095", "1000", "1000"),
    }
    async with reading(sessions) as session:
        assert (await session.scalars(select(Channel.platform_id))).all() == [GENERAL["id"]]


async def test_an_edit_in_a_later_export_is_a_revision(sqlite_sessions: Sessions, tmp_path: Path) -> None:
    await bring_in(sqlite_sessions, export(tmp_path / "a.json", said("one")))
    later = said("two", timestampEdited="2024-06-01T00:00:00+00:00")
    done = await bring_in(sqlite_sessions, export(tmp_path / "b.json", later, exportedAt="2027-01-01T00:00:00+00:00"))
    assert (done.revised, done.stored) == (1, 0)


async def test_a_package_stands_on_a_shelf_of_its_own_beside_the_servers_export(
    sqlite_sessions: Sessions, tmp_path: Path
) -> None:
    await bring_in(sqlite_sessions, export(tmp_path / "x.json", said("from the export", author=AKI)))
    files = discord_package.channel(
        {"id": GENERAL["id"], "type": "GUILD_TEXT", "name": "general", "guild": {"name": "Harbour"}},
        discord_package.said("from the export", ID=1001),
    )
    with DiscordPackage(discord_package.package(tmp_path / "p.zip", files)) as opened:
        done = await Import(sqlite_sessions, opened, "discord_package", OWNER).run("their own", lambda share: None)
    assert (done.stored, done.members, done.consents) == (1, 1, 1)
    async with reading(sqlite_sessions) as session:
        kinds = sorted(await session.scalars(select(Message.provenance)))
        assert kinds == ["discord_export", "discord_package"]
        assert (await channels.named(session, "Harbour/general")).platform_id == GENERAL["id"]
