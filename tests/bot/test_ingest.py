"""Imports: authors, mentions, edits, consent and strangers; what is stored once is not stored again."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.collecting.ingest import Import
from bot.chat.verbs.text import GroundMissing
from bot.demo import HARBOUR_RADIO
from bot.importers.slack_export import SlackExport
from db import audit, channels, members, messages
from db.models import Consent, Member, Message, MessageRevision
from db.session import Sessions, reading, transaction
from tests.fakes.archive import MONDAY, OWNER, Book, Part, bring_in, count, diary, everything, said


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
    club = HARBOUR_RADIO.community
    done = await Import(sessions, club, "owner_file", OWNER).run("ours", lambda fraction: None)
    assert done.stored == sum(len(part.messages) for part in club.parts())
    assert done.members == done.consents == 6
