"""Live text: kept only from opened channels, by people of this workspace; edits and deletions are heard."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.chat.collecting.live import Collecting
from bot.chat.events import ChannelSeen, Erased, Left, MemberSeen, Renamed, WorkspaceSeen, Written
from db import audit, backfills, datasets, members, personas
from db.models import Channel, Member, Message, Reply, Workspace
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.past import every_text, kept
from tests.fakes.square import HARBOUR, Square

State = Callable[[str], Awaitable[None]]


@pytest.fixture
async def opened(sessions: Sessions, now) -> Sessions:
    """Harbour/general is open for training, Harbour/random is closed."""
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        place.channel.noticed = "training"
        session.add(Channel(workspace_id=place.workspace.id, platform_id="C2", name="random", created_at=now))
    return sessions


async def channel(sessions: Sessions, platform_id: str = "C1") -> Channel:
    async with reading(sessions) as session:
        return (await session.scalars(select(Channel).where(Channel.platform_id == platform_id))).one()


async def test_an_opened_channels_messages_are_kept_with_who_wrote_them_and_how_they_came(
    opened: Sessions, square: Square
) -> None:
    ann = MemberSeen("Ann", "Ann Lee", locale="ja-JP")
    await Collecting(opened).written(square.says("good morning, mail me at ann@example.com", author=ann))
    assert await kept(opened) == [("Ann Lee", "good morning, mail me at [e-mail]", 1)]
    async with reading(opened) as session:
        row = (await session.scalars(select(Message))).one()
        member = (await session.scalars(select(Member).where(Member.platform_id == "Ann"))).one()
    assert (row.provenance, row.review, member.locale) == ("slack_api", "pending", "ja-JP")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "changed",
    [
        {"channel": ChannelSeen("C2", "random")},
        {"channel": ChannelSeen("C9", "nobody knows it")},
        {"workspace": replace(HARBOUR, id="T9")},
        {"author": MemberSeen("B1", "Bot", is_bot=True)},
        {"foreign": True},
    ],
    ids=["closed", "unknown channel", "unknown workspace", "a bot", "Slack Connect"],
)
async def test_nothing_else_is_kept(opened: Sessions, square: Square, changed: dict) -> None:
    await Collecting(opened).written(replace(square.says("hello"), **changed))
    assert await every_text(opened) == []


async def test_what_a_blocked_member_writes_is_not_kept(opened: Sessions, square: Square, now) -> None:
    async with transaction(opened) as session:
        await members.block(session, (await members.named(session, "Ben")).id, "shell:me", "noise", now)
    await Collecting(opened).written(square.says("buy this", author="Ben"))
    await Collecting(opened).written(square.says("no", author="Ann"))
    assert await kept(opened) == [("Ann", "no", 1)]


async def test_mentioned_people_become_rows_and_are_called_by_name_where_it_is_known(
    opened: Sessions, square: Square
) -> None:
    said = replace(square.says("<@member:Cy> and <@member:Di>"), named=[MemberSeen("Cy", "Cyril")])
    await Collecting(opened).written(said)
    async with reading(opened) as session:
        rows = {one.platform_id: one for one in await session.scalars(select(Member))}
    assert (rows["Cy"].name, rows["Di"].name) == ("Cyril", "Di")
    assert await kept(opened) == [("Ann", f"<@member:{rows['Cy'].id}> and <@member:{rows['Di'].id}>", 1)]


async def test_what_comes_twice_or_at_the_same_moment_is_kept_once(opened: Sessions, square: Square) -> None:
    said = [square.says(f"word {number}", author=f"new {number % 3}") for number in range(6)]
    await asyncio.gather(*(Collecting(opened).written(one) for one in said * 3))
    assert [text for _, text, _ in await kept(opened)] == [f"word {number}" for number in range(6)]


async def test_an_edit_is_a_new_revision_and_an_older_text_that_comes_late_changes_nothing(
    opened: Sessions, square: Square
) -> None:
    first = square.says("helo")
    second = square.edits(first, "hello")
    collecting = Collecting(opened)
    for event in (first, second, first, second):
        await collecting.written(event)
    assert await kept(opened) == [("Ann", "hello", 2)]


async def test_an_edit_that_comes_before_its_message_is_not_undone_by_it(opened: Sessions, square: Square) -> None:
    first = square.says("helo")
    await Collecting(opened).written(square.edits(first, "hello"))
    await Collecting(opened).written(first)
    assert await kept(opened) == [("Ann", "hello", 1)]


async def test_an_edited_text_of_an_export_is_text_of_the_api(opened: Sessions, square: Square, now) -> None:
    said = square.says("from the export")
    async with transaction(opened) as session:
        place = await community.found(session, now)
        await place.says(session, said.posted.at, ("Ann", "from the export"))
        (await session.scalars(select(Message))).one().platform_id = said.posted.id
    await Collecting(opened).written(said)
    async with reading(opened) as session:
        assert (await session.scalars(select(Message.provenance))).one() == "slack_export"
    await Collecting(opened).written(square.edits(said, "from the API"))
    async with reading(opened) as session:
        assert (await session.scalars(select(Message.provenance))).one() == "slack_api"


async def test_a_deleted_message_leaves_no_word_and_does_not_come_back(opened: Sessions, square: Square) -> None:
    collecting = Collecting(opened)
    gone, stays = square.says("I regret this"), square.says("this stays")
    await collecting.written(gone)
    await collecting.written(square.edits(gone, "I regret this much"))
    await collecting.written(stays)
    await collecting.erased(square.deletes(gone))
    await collecting.written(gone)
    assert await kept(opened) == [("Ann", "this stays", 1)]
    assert sorted(await every_text(opened)) == ["", "", "this stays"]


async def test_a_deletion_that_comes_before_its_message_keeps_it_away(opened: Sessions, square: Square) -> None:
    gone = square.says("I regret this")
    await Collecting(opened).erased(square.deletes(gone))
    await Collecting(opened).erased(Erased(HARBOUR, "C1", [gone.posted.id]))
    await Collecting(opened).written(gone)
    assert await kept(opened) == []
    assert await every_text(opened) == [""]


async def test_a_deletion_of_something_never_held_ends_no_conversation(opened: Sessions, square: Square) -> None:
    collecting = Collecting(opened)
    await collecting.written(square.says("how was it?"))
    await collecting.erased(Erased(HARBOUR, "C1", ["long ago"]))
    await collecting.written(square.says("fine, thank you"))
    async with reading(opened) as session:
        names = set(await session.scalars(select(Message.conversation).where(Message.deleted_at.is_(None))))
    assert len(names) == 1


async def test_of_closed_channels_a_deletion_erases_what_is_held_and_remembers_nothing_else(
    opened: Sessions, square: Square
) -> None:
    said = square.says("I regret this")
    await Collecting(opened).written(said)
    async with transaction(opened) as session:
        for row in await session.scalars(select(Channel)):
            row.state = "closed"
    await Collecting(opened).erased(Erased(HARBOUR, "C1", [said.posted.id, "other"]))
    await Collecting(opened).erased(Erased(HARBOUR, "C2", ["other"]))
    await Collecting(opened).erased(Erased(HARBOUR, "C9", ["other"]))
    assert await every_text(opened) == [""]


async def test_a_deleted_message_is_withdrawn_from_what_was_learned(opened: Sessions, square: Square, now) -> None:
    said = [square.says("keep this sentence"), square.says("forget this sentence")]
    for one in said:
        await Collecting(opened).written(one)
    async with transaction(opened) as session:
        place = await community.found(session, now)
        place.workspace.permission_ground = "agreed with Slack"
        await members.answer(session, [place.members["Ann"].id], "community", True, "said so", "test", now)
        persona = await community.persona(session, now, place.channel)
        texts = (await datasets.learnable(session, persona)).texts
        used = [datasets.Used(text.revision_id, "train", True) for text in texts]
        dataset = (await datasets.record(session, persona.id, "chat", used, {}, now)).id
    await Collecting(opened).erased(square.deletes(said[1]))
    async with reading(opened) as session:
        persona = await personas.named(session, "echo")
        assert await datasets.withdrawn(session, persona, dataset) == 1
        assert [text.text for text in (await datasets.learnable(session, persona)).texts] == ["keep this sentence"]


async def test_a_channel_that_is_gone_is_closed_and_its_messages_erased(opened: Sessions, square: Square) -> None:
    await Collecting(opened).written(square.says("hello"))
    await Collecting(opened).erased(Erased(HARBOUR, "C1"))
    row = await channel(opened)
    assert (row.state, row.noticed, await kept(opened), await every_text(opened)) == ("closed", "closed", [], [""])


async def test_left_alone_nothing_is_collected_any_more_and_consents_stay(
    opened: Sessions, square: Square, now
) -> None:
    collecting = Collecting(opened)
    await collecting.written(square.says("hello"))
    async with transaction(opened) as session:
        ann = await members.named(session, "Ann")
        await members.answer(session, [ann.id], "community", True, "said so", "test", now)
        await backfills.of(session, (await session.scalars(select(Channel.id))).first() or 0, now)
    await collecting.left(Left(HARBOUR))
    await collecting.written(square.says("are you there?"))
    async with reading(opened) as session:
        assert await members.consenting(session, "community") == {ann.id}
        assert await backfills.progress(session) == {}
        [row] = await audit.latest(session)
    assert (row.actor, row.verb, row.subject["closed"]) == ("platform:slack", "left", ["general"])
    assert [text for _, text, _ in await kept(opened)] == ["hello"]
    assert (await channel(opened)).noticed == "closed"


async def test_thrown_out_of_one_channel_the_others_stay_open(opened: Sessions, square: Square) -> None:
    async with transaction(opened) as session:
        other = (await session.scalars(select(Channel).where(Channel.platform_id == "C2"))).one()
        other.state = "context"
    await Collecting(opened).left(Left(HARBOUR, "C1"))
    assert [(await channel(opened, one)).state for one in ("C1", "C2")] == ["closed", "context"]


async def test_a_renamed_channel_is_called_so_here(opened: Sessions) -> None:
    await Collecting(opened).renamed(Renamed(HARBOUR, ChannelSeen("C1", "quay")))
    await Collecting(opened).renamed(Renamed(HARBOUR, ChannelSeen("C9", "unknown")))
    assert (await channel(opened)).name == "quay"


async def test_a_renamed_workspace_is_called_so_here(opened: Sessions) -> None:
    await Collecting(opened).renamed(Renamed(replace(HARBOUR, name="Haven")))
    await Collecting(opened).renamed(Renamed(WorkspaceSeen("slack", "T9", "unknown")))
    async with reading(opened) as session:
        assert [one.name for one in await session.scalars(select(Workspace))] == ["Haven"]


async def test_a_deleted_thread_takes_its_text_and_its_questions_along_and_nothing_beside_it(
    opened: Sessions, square: Square, now
) -> None:
    collecting = Collecting(opened)
    for one in (first := square.says("first"), square.says("in it", thread="77"), square.says("beside it")):
        await collecting.written(one)
    async with transaction(opened) as session:
        place = await community.found(session, now)
        persona = await community.persona(session, now)
        for number, thread in enumerate(("77", None), 1):
            session.add(place.asked(persona, number, now, asked="a secret", status="done", thread=thread))
            await session.flush()
    await collecting.erased(Erased(HARBOUR, "C1", thread="77"))
    assert [text for _, text, _ in await kept(opened)] == [first.posted.text, "beside it"]
    assert "in it" not in await every_text(opened)
    async with reading(opened) as session:
        assert [one.asked for one in await session.scalars(select(Reply).order_by(Reply.id))] == ["", "a secret"]
    assert (await channel(opened)).state != "closed"


async def test_what_nobody_edited_is_one_text_whatever_it_mentions_is_called_by_now(
    opened: Sessions, square: Square
) -> None:
    collecting = Collecting(opened)
    await collecting.written(said := square.says("see #general"))
    await collecting.written(replace(said, posted=replace(said.posted, text="see #quay")))
    assert [(text, revision) for _, text, revision in await kept(opened)] == [("see #general", 1)]
    await collecting.written(square.edits(said, "see you"))
    assert [(text, revision) for _, text, revision in await kept(opened)] == [("see you", 2)]


async def test_a_message_without_words_is_not_kept(opened: Sessions, square: Square) -> None:
    said: Written = square.says("  ", after=timedelta(minutes=3))
    await Collecting(opened).written(said)
    assert await every_text(opened) == []


async def test_a_deleted_question_that_waits_is_not_answered(opened: Sessions, square: Square, now) -> None:
    async with transaction(opened) as session:
        place = await community.found(session, now)
        persona = await community.persona(session, now)
        for number, status in enumerate(("queued", "answering", "done"), 1):
            asked = "a secret" if number > 1 else ""  # who calls the bot's name alone asks too
            session.add(place.asked(persona, number, now, asked=asked, status=status))
            await session.flush()
    await Collecting(opened).erased(Erased(HARBOUR, "C1", ["m1", "m2"]))
    async with reading(opened) as session:
        rows = [(one.status, one.asked) for one in await session.scalars(select(Reply).order_by(Reply.id))]
    assert rows == [("deleted", ""), ("deleting", ""), ("done", "a secret")]
    await Collecting(opened).erased(Erased(HARBOUR, "C1"))
    async with reading(opened) as session:
        assert set(await session.scalars(select(Reply.asked))) == {""}
