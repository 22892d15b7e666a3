"""What a fine-tune may learn, on both databases: whose words, in which part, as target or as context."""

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import channels, datasets, members, messages, personas, workspaces
from db.datasets import Text
from db.messages import NewMessage
from db.models import Block, Channel, DatasetMessage, Message, MessageRevision, Persona
from db.session import Sessions, reading, transaction
from db.transcript import NOTHING_SAID
from tests.fakes import community
from tests.fakes.community import Community
from trainer import dataset
from trainer.curate import Rules, curate, is_held_out
from trainer.dataset import Built, TooLittleText

RULES = Rules(min_characters=1)
LATER = timedelta(hours=2)  # another conversation


class Town:
    """Ann and Dan, who agreed, have talked twice; Ben has agreed to nothing and said nothing yet."""

    def __init__(self, sessions: Sessions, now: datetime, here: Community, persona: Persona) -> None:
        self.sessions, self.now, self.here, self.persona = sessions, now, here, persona

    async def says(self, *lines: tuple[str, str], **options: Any) -> None:
        """In a conversation of its own, later than all before."""
        self.now += LATER
        async with transaction(self.sessions) as session:
            await self.here.says(session, self.now, *lines, **options)

    async def answers(self, name: str, yes: bool, purpose: members.Purpose = "community") -> None:
        async with transaction(self.sessions) as session:
            ids = [self.here.members[name].id]
            await members.answer(session, ids, purpose, yes, "asked", "test", self.now)

    async def changes(self, text: str, **values: Any) -> None:
        """The message that says `text`."""
        async with transaction(self.sessions) as session:
            found = select(MessageRevision.message_id).where(MessageRevision.text == text).scalar_subquery()
            await session.execute(update(Message).where(Message.id == found).values(**values))

    async def opens(self, **values: Any) -> None:
        async with transaction(self.sessions) as session:
            await session.execute(update(Channel).where(Channel.id == self.here.channel.id).values(**values))

    async def speaks_as(self, *names: str) -> None:
        async with transaction(self.sessions) as session:
            self.persona = await personas.named(session, "echo")
            await personas.set_voices(session, self.persona, [self.here.members[name].id for name in names])

    async def builds(self, newest: int | None = None, min_targets: int = 1) -> Built:
        return await dataset.build(self.sessions, self.persona, RULES, newest=newest, min_targets=min_targets)


@pytest.fixture
async def town(sessions: Sessions, now: datetime) -> Town:
    async with transaction(sessions) as session:
        here = await community.found(session, now, "Ann", "Ben", "Dan")
        persona = await community.persona(session, now, here.channel)
    town = Town(sessions, now, here, persona)
    await town.answers("Ann", True)
    await town.answers("Dan", True)
    await town.says(("Ann", "where is the boat?"), ("Dan", "in the harbour"))
    await town.says(("Ann", "is it raining?"), ("Dan", "since noon"))
    return town


def everything(built: Built) -> str:
    return json.dumps([example.content for example in built.examples], ensure_ascii=False)


def replies(built: Built) -> set[str]:
    return {example.content["turns"][-1]["content"] for example in built.examples}


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


async def test_lineage_rows_name_every_used_revision_with_its_part_and_role(town: Town) -> None:
    for place in range(40):
        await town.says(("Ann", f"question {place}"), ("Dan", "ok"), ("Ann", f"answer {place}"))
    built = await town.builds()
    async with transaction(town.sessions) as session:
        recorded = await dataset.record(session, town.persona, built, town.now)
    async with reading(town.sessions) as session:
        rows = await session.execute(
            select(DatasetMessage, Message.conversation, MessageRevision.text)
            .join(MessageRevision, MessageRevision.id == DatasetMessage.revision_id)
            .join(Message, Message.id == MessageRevision.message_id)
            .where(DatasetMessage.dataset_id == recorded.id)
        )
        found = rows.all()
    assert (recorded.number, recorded.shape) == (1, "chat")
    assert len(found) == 4 + 40 * 3
    parts = Counter(row.part for row, _, _ in found)
    assert parts["train"] > parts["held_out"] > 0
    for row, conversation, text in found:
        assert row.part == ("held_out" if is_held_out(conversation) else "train")
        # Thirty-nine of the forty "ok" were said before, and are context.
        assert row.as_target == (text != "ok") or text == "ok"
    assert sum(row.as_target for row, _, text in found if text == "ok") == 1


async def test_datasets_are_numbered_by_persona(town: Town) -> None:
    built = await town.builds()
    async with transaction(town.sessions) as session:
        made = [await dataset.record(session, town.persona, built, town.now) for _ in range(2)]
    assert [one.number for one in made] == [1, 2]
    async with reading(town.sessions) as session:
        assert set(await datasets.by_id(session, [one.id for one in made])) == {one.id for one in made}


async def in_thread(town: Town, *lines: tuple[str, str], under: str) -> None:
    async with transaction(town.sessions) as session:
        lead = await session.scalar(
            select(Message)
            .join(MessageRevision, MessageRevision.message_id == Message.id)
            .where(MessageRevision.text == under)
        )
        assert lead is not None
        batch = [
            NewMessage(
                f"{lead.platform_id}-{place}",
                town.here.members[name].id,
                lead.at + timedelta(hours=1, minutes=place),
                text,
                thread=lead.platform_id,
            )
            for place, (name, text) in enumerate(lines)
        ]
        await messages.store(session, town.here.channel, batch, "slack_export", town.now)


async def test_a_threads_first_message_is_the_context_of_what_hangs_on_it(town: Town) -> None:
    await in_thread(town, ("Dan", "umbrella?"), ("Ann", "have one"), under="is it raining?")
    found = {
        example.content["turns"][-1]["content"]: [turn["content"] for turn in example.content["turns"][1:-1]]
        for example in (await town.builds()).examples
    }
    assert found["umbrella?"] == ["is it raining?"]
    assert found["have one"] == ["…", "is it raining?", "umbrella?"]
    assert found["since noon"] == ["is it raining?"]


async def test_a_lead_whose_author_goes_on_alone_is_still_what_others_answer(town: Town) -> None:
    await in_thread(town, ("Ann", "look at the sky"), ("Dan", "grey"), under="is it raining?")
    found = {
        example.content["turns"][-1]["content"]: [turn["content"] for turn in example.content["turns"][1:-1]]
        for example in (await town.builds()).examples
    }
    assert found["look at the sky"] == [NOTHING_SAID]
    assert found["grey"] == ["is it raining?\nlook at the sky"]


async def test_people_who_did_not_agree_are_someone_and_those_who_did_have_names(town: Town) -> None:
    ids = {name: member.id for name, member in town.here.members.items()}
    await town.says(("Ann", f"<@member:{ids['Ben']}> and <@member:{ids['Dan']}> are late"))
    assert "@someone and @Dan are late" in replies(await town.builds())
    await town.answers("Ben", True)
    assert "@Ben and @Dan are late" in replies(await town.builds())


async def test_only_the_newest_messages_are_taken_when_a_number_is_given(town: Town) -> None:
    await town.says(("Ann", "hungry?"), ("Dan", "always"))
    built = await town.builds(newest=4)
    assert replies(built) == {"is it raining?", "since noon", "hungry?", "always"}


async def test_talk_to_oneself_becomes_plain_text_and_says_so(town: Town) -> None:
    await town.answers("Dan", False)
    built = await town.builds()
    assert built.shape == "text"
    assert {example.content["text"] for example in built.examples} == {"where is the boat?", "is it raining?"}
    assert "learned as plain text" in built.counts["shape_chosen"]


async def test_a_text_persona_learns_whole_conversations_as_they_stand(town: Town) -> None:
    town.persona.shape = "text"
    built = await town.builds()
    assert [example.content for example in built.examples] == [
        {"text": "where is the boat?\nin the harbour"},
        {"text": "is it raining?\nsince noon"},
    ]
    assert "shape_chosen" not in built.counts
    assert {row.as_target for row in built.lineage()} == {True}
    assert {row.part for row in built.lineage()} == {"train", "held_out"}


async def test_too_little_text_is_refused_with_figures_and_reasons(town: Town) -> None:
    await town.says(("Ben", "one"), ("Ben", "two"), ("Ben", "three"), ("Ann", "/help"))
    with pytest.raises(TooLittleText) as refused:
        await town.builds(min_targets=8)
    assert str(refused.value) == (
        "There is too little text to learn from: 2 messages, and at least 8 in two conversations are needed. "
        "Left out: 3 no consent, 1 command."
    )


async def test_a_persona_without_channels_is_told_where_text_comes_from(town: Town) -> None:
    async with transaction(town.sessions) as session:
        await personas.set_sources(session, town.persona, [])
    with pytest.raises(TooLittleText, match="--source CHANNEL"):
        await town.builds()


async def test_one_conversation_alone_is_too_little_to_examine_with(town: Town) -> None:
    for text in ("where is the boat?", "in the harbour"):
        await town.changes(text, deleted_at=town.now)
    with pytest.raises(TooLittleText, match="in two conversations"):
        await town.builds()


async def test_a_conversation_with_nothing_to_learn_from_is_not_the_one_held_out(town: Town) -> None:
    await town.speaks_as("Dan")
    await town.answers("Dan", True, "voice")
    for place in range(20):  # one of these has the lowest hash, and Dan says nothing in any
        await town.says(("Ann", f"anyone? {place}"))
    built = await town.builds()
    assert len(built.part(held_out=True)) == len(built.part(held_out=False)) == 1


async def test_a_part_is_written_as_json_lines(town: Town, tmp_path: Path) -> None:
    built = await town.builds()
    dataset.write(built.examples, tmp_path / "part.jsonl")
    lines = (tmp_path / "part.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [example.content for example in built.examples]


threads = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from([None, 0, 1, 2]), st.sampled_from("ab"), st.booleans()),
    min_size=1,
    max_size=25,
)


@given(threads)
def test_a_message_is_a_target_exactly_once_and_never_its_own_context(
    said: list[Any],
) -> None:
    texts = [_text(place, *values) for place, values in enumerate(said)]
    curated = curate(texts, RULES)
    examples = list(dataset._chat_examples(curated, {}, "", frozenset({"a"})))
    targets = Counter(revision for example in examples for revision in example.targets)
    assert targets == Counter(curated.targets)
    for example in examples:
        assert not example.targets & example.context
        used = [text for text in texts if text.revision_id in example.targets | example.context]
        assert {text.conversation for text in used} == {"a" if example.held_out else "b"}
        roles = [turn["role"] for turn in example.content["turns"]]
        assert roles == ["user", "assistant"] * (len(roles) // 2)


def _text(place: int, member: int, thread: int | None, conversation: str, may_be_target: bool) -> Text:
    """Message 0, 1 or 2 leads the threads, where it stands in the same conversation."""
    return Text(
        revision_id=place + 1000,
        message_id=place,
        channel_id=1,
        platform_id=str(place),
        member_id=member,
        at=datetime(2026, 3, 2, 8, place),
        thread=None if thread is None else str(thread),
        conversation=conversation,
        provenance="slack_export",
        text=f"text {place}",
        may_be_target=may_be_target,
    )
