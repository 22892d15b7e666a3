"""Messages: stored redacted and once, revised when edited, gathered into conversations."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from db import erasing, messages
from db.messages import NewMessage
from db.models import Channel, Message, MessageRevision
from db.models.text import Provenance
from db.session import Sessions, reading, transaction
from tests.fakes import community


def said(place: int, now, text: str = "word", minutes: float = 0, **more) -> NewMessage:
    return NewMessage(str(place), None, now + timedelta(minutes=minutes), text, **more)


async def store(
    sessions: Sessions, now, *batch: NewMessage, provenance: Provenance = "slack_export"
) -> messages.Stored:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        return await messages.store(session, place.channel, batch, provenance, now)


async def conversations(sessions: Sessions) -> dict[str, str]:
    async with reading(sessions) as session:
        rows = await session.execute(select(Message.platform_id, Message.conversation))
        return dict(rows.all())


async def test_what_is_stored_is_redacted(sessions: Sessions, now) -> None:
    await store(sessions, now, said(1, now, "write to ann@example.com"))
    async with reading(sessions) as session:
        revision = (await session.scalars(select(MessageRevision))).one()
    assert "example.com" not in revision.text
    assert "[e-mail]" in revision.text
    assert revision.redaction_version > 0


async def test_storing_the_same_again_changes_nothing(sessions: Sessions, now) -> None:
    batch = [said(1, now, "one"), said(2, now, "two")]
    assert await store(sessions, now, *batch) == messages.Stored(new=2)
    assert await store(sessions, now, *batch) == messages.Stored(unchanged=2)


async def test_an_edit_is_a_new_revision_that_must_be_reviewed_again(sessions: Sessions, now) -> None:
    await store(sessions, now, said(1, now, "one"))
    async with transaction(sessions) as session:
        row = (await session.scalars(select(Message))).one()
        await messages.set_review(session, [row.id], "approved")
    assert await store(sessions, now, said(1, now, "uno")) == messages.Stored(revised=1)
    async with reading(sessions) as session:
        row = (await session.scalars(select(Message))).one()
        texts = list(await session.scalars(select(MessageRevision.text).order_by(MessageRevision.number)))
    assert (row.revision, row.review, texts) == (2, "pending", ["one", "uno"])


@pytest.mark.parametrize(
    ("first", "then", "counts"),
    [
        ("slack_api", "slack_export", "slack_export"),
        ("discord_api", "discord_package", "discord_package"),
        ("slack_export", "slack_api", "slack_export"),
        ("discord_api", "discord_export", "discord_api"),
    ],
)
async def test_the_same_text_counts_as_come_by_the_owners_way_once_it_did(
    sessions: Sessions, now, first: Provenance, then: Provenance, counts: Provenance
) -> None:
    await store(sessions, now, said(1, now, "one"), provenance=first)
    async with transaction(sessions) as session:
        await messages.set_review(session, [1], "approved")
    assert await store(sessions, now, said(1, now, "one"), provenance=then) == messages.Stored(unchanged=1)
    async with reading(sessions) as session:
        row = (await session.scalars(select(Message))).one()
    assert (row.provenance, row.review, row.revision) == (counts, "approved", 1)


async def test_an_export_does_not_bring_back_what_was_deleted(sessions: Sessions, now) -> None:
    await store(sessions, now, said(1, now, "one"), provenance="slack_api")
    async with transaction(sessions) as session:
        row = (await session.scalars(select(Message))).one()
        await erasing.erase(session, await session.get_one(Channel, row.channel_id), ["1"], "slack_api", now)
    await store(sessions, now, said(1, now, "one"), said(1, now, ""))
    async with reading(sessions) as session:
        row = (await session.scalars(select(Message))).one()
        texts = list(await session.scalars(select(MessageRevision.text)))
    assert (row.provenance, texts) == ("slack_api", [""])


async def test_half_an_hour_of_silence_ends_a_conversation(sessions: Sessions, now) -> None:
    await store(sessions, now, said(1, now), said(2, now, minutes=29), said(3, now, minutes=60))
    assert await conversations(sessions) == {"1": "1", "2": "1", "3": "3"}


async def test_a_thread_belongs_to_the_conversation_of_its_first_message_across_batches(
    sessions: Sessions, now
) -> None:
    await store(sessions, now, said(1, now), said(2, now, minutes=5))
    await store(sessions, now, said(3, now, minutes=600, thread="2"), said(4, now, minutes=601))
    assert await conversations(sessions) == {"1": "1", "2": "1", "3": "1", "4": "4"}


async def test_a_conversation_goes_on_across_batches(sessions: Sessions, now) -> None:
    await store(sessions, now, said(1, now))
    await store(sessions, now, said(2, now, minutes=10))
    assert await conversations(sessions) == {"1": "1", "2": "1"}


async def test_read_backwards_a_conversation_goes_on_across_batches_too(sessions: Sessions, now) -> None:
    await store(sessions, now, said(4, now, minutes=60), said(5, now, minutes=65))
    await store(sessions, now, said(1, now), said(2, now, minutes=40), said(3, now, minutes=50, thread="2"))
    assert await conversations(sessions) == {"1": "1", "2": "4", "3": "4", "4": "4", "5": "4"}
    await store(sessions, now, said(0, now, minutes=-31))
    assert (await conversations(sessions))["0"] == "0"
