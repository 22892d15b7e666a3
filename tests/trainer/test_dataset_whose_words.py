"""Whose words a fine-tune may learn, as target or as context, on both databases."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import channels, messages, workspaces
from db.messages import NewMessage
from db.models import Block, Message, MessageRevision
from db.session import Sessions, reading, transaction
from tests.fakes.town import LATER, Town, replies
from trainer.dataset import Built, TooLittleText


@pytest.fixture
async def town(sessions: Sessions, now: datetime) -> Town:
    return await Town.found(sessions, now)


def everything(built: Built) -> str:
    """All that the dataset would show a model."""
    return json.dumps([example.content for example in built.examples], ensure_ascii=False)


async def texts_of(sessions: Sessions, revisions: set[int] | frozenset[int]) -> set[str]:
    async with reading(sessions) as session:
        wanted = select(MessageRevision.text).where(MessageRevision.id.in_(revisions))
        return set(await session.scalars(wanted))


async def test_without_consent_nothing_is_learned_and_nothing_is_context(town: Town) -> None:
    await town.says(("Ben", "my own secret"), ("Ann", "who said that?"))
    built = await town.builds()
    assert "secret" not in everything(built)
    assert "who said that?" in replies(built)
    assert built.counts["left_out"]["no consent"] == 1
    used = await texts_of(town.sessions, {row.revision_id for row in built.lineage()})
    assert "my own secret" not in used


async def test_consent_brings_words_in_and_withdrawing_it_takes_them_out(town: Town) -> None:
    await town.says(("Ben", "the tide is low"))
    await town.answers("Ben", True)
    assert "the tide is low" in replies(await town.builds())
    await town.answers("Ben", False)
    assert "tide" not in everything(await town.builds())


async def test_consent_to_be_imitated_alone_is_no_consent_to_the_communitys_voice(town: Town) -> None:
    await town.says(("Ben", "the tide is low"))
    await town.answers("Ben", True, "voice")
    assert "tide" not in everything(await town.builds())


async def test_what_is_left_out_in_review_is_gone_and_comes_back_when_approved(town: Town) -> None:
    await town.changes("since noon", review="left_out")
    built = await town.builds()
    assert "since noon" not in everything(built)
    assert built.counts["left_out"]["left out in review"] == 1
    await town.changes("since noon", review="approved")
    assert "since noon" in replies(await town.builds())


async def test_a_channel_that_is_reviewed_one_by_one_gives_only_what_was_approved(town: Town) -> None:
    await town.opens(review_each=True)
    for text in ("where is the boat?", "in the harbour", "since noon"):
        await town.changes(text, review="approved")
    built = await town.builds()
    assert replies(built) == {"where is the boat?", "in the harbour", "since noon"}
    assert built.counts["left_out"]["not reviewed yet"] == 1


@pytest.mark.parametrize("state", ["closed", "context"])
async def test_a_channel_not_open_for_training_teaches_nothing(town: Town, state: str) -> None:
    await town.opens(state=state)
    with pytest.raises(TooLittleText, match="4 channel not approved for training"):
        await town.builds()


@pytest.mark.parametrize("provenance", ["slack_api", "discord_api", "discord_export"])
async def test_api_text_needs_the_owners_permission_beside_consent(town: Town, provenance: Any) -> None:
    await town.says(("Ann", "read by the API"), provenance=provenance)
    built = await town.builds()
    assert "API" not in everything(built)
    assert built.counts["left_out"]["no permission for API text"] == 1
    async with transaction(town.sessions) as session:
        workspace = await workspaces.named(session, "Harbour")
        workspaces.permit(workspace, "our own agreement", "owner", town.now)
    built = await town.builds()
    assert "read by the API" in replies(built)
    assert built.counts["by_provenance"][provenance] == 1


async def test_permission_without_consent_is_not_enough(town: Town) -> None:
    await town.says(("Ben", "read by the API"), provenance="slack_api")
    async with transaction(town.sessions) as session:
        workspaces.permit(await workspaces.named(session, "Harbour"), "ours", "owner", town.now)
    assert "API" not in everything(await town.builds())


async def test_a_blocked_members_words_are_left_out_in_spite_of_consent(town: Town) -> None:
    await town.says(("Ben", "the tide is low"))
    await town.answers("Ben", True)
    async with transaction(town.sessions) as session:
        ben = town.here.members["Ben"].id
        session.add(Block(member_id=ben, by="test", why="", at=town.now))
    built = await town.builds()
    assert "tide" not in everything(built)
    assert built.counts["left_out"]["author blocked"] == 1


async def test_deleted_words_are_gone(town: Town) -> None:
    await town.changes("since noon", deleted_at=town.now)
    assert "since noon" not in everything(await town.builds())


async def test_an_edited_message_teaches_what_it_says_now(town: Town) -> None:
    async with transaction(town.sessions) as session:
        again = await session.scalar(select(Message).where(Message.member_id == town.here.members["Dan"].id))
        assert again is not None
        change = NewMessage(again.platform_id, again.member_id, again.at, "at the pier")
        await messages.store(session, town.here.channel, [change], "slack_export", town.now)
    built = await town.builds()
    assert "at the pier" in replies(built)
    assert "in the harbour" not in everything(built)


async def test_other_channels_than_the_personas_sources_are_not_read(town: Town, now: datetime) -> None:
    async with transaction(town.sessions) as session:
        other = await channels.ensure(session, town.here.workspace, "C2", "private", now)
        other.state = "training"
        line = NewMessage("1", town.here.members["Ann"].id, now, "between us")
        await messages.store(session, other, [line], "slack_export", now)
    assert "between us" not in everything(await town.builds())


async def store_authorless(session: AsyncSession, town: Town, provenance: Any, *texts: str) -> None:
    batch = [
        NewMessage(f"f{place}", None, town.now + LATER, text, conversation=f"f{place // 4}")
        for place, text in enumerate(texts)
    ]
    await messages.store(session, town.here.channel, batch, provenance, town.now)


async def test_an_owners_file_needs_no_author_but_other_text_does(town: Town) -> None:
    async with transaction(town.sessions) as session:
        await store_authorless(session, town, "owner_file", "a page of the log")
    built = await town.builds()
    assert "a page of the log" in replies(built)
    async with transaction(town.sessions) as session:
        await session.execute(update(Message).where(Message.member_id.is_(None)).values(provenance="slack_export"))
    built = await town.builds()
    assert "a page of the log" not in everything(built)
    assert built.counts["left_out"]["author unknown"] == 1


async def test_a_named_voice_needs_consent_to_exactly_that_and_others_are_context_only(town: Town) -> None:
    await town.says(("Ben", "ahoy"), ("Dan", "aye"))
    await town.speaks_as("Dan")
    with pytest.raises(TooLittleText, match="context only"):
        await town.builds()
    await town.answers("Dan", True, "voice")
    built = await town.builds()
    assert replies(built) == {"in the harbour", "since noon", "aye"}
    contexts = {turn["content"] for example in built.examples for turn in example.content["turns"][:-1]}
    assert {"where is the boat?", "is it raining?"} <= contexts
    assert "ahoy" not in everything(built)
    targets = await texts_of(town.sessions, {row.revision_id for row in built.lineage() if row.as_target})
    assert targets == replies(built)


async def test_a_named_voice_can_agree_to_that_and_to_nothing_else(town: Town) -> None:
    await town.says(("Ben", "ahoy"), ("Ann", "hello Ben"), ("Ben", "fair wind"))
    await town.says(("Ann", "any news?"), ("Ben", "none at all"))
    await town.answers("Ben", True, "voice")
    await town.speaks_as("Ben")
    assert replies(await town.builds()) == {"ahoy", "fair wind", "none at all"}


async def test_redaction_is_applied_again_to_what_older_rules_let_through(town: Town) -> None:
    async with transaction(town.sessions) as session:
        await session.execute(
            update(MessageRevision)
            .where(MessageRevision.text == "since noon")
            .values(text="write to ann@example.org", redaction_version=0)
        )
    built = await town.builds()
    assert "write to [e-mail]" in replies(built)
    assert "example.org" not in everything(built)
