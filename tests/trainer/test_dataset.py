"""What a dataset is made of: conversations, their lineage and their parts, on both databases."""

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from db import datasets, messages, personas
from db.datasets import Text
from db.messages import NewMessage
from db.models import DatasetMessage, Message, MessageRevision
from db.session import Sessions, reading, transaction
from db.transcript import NOTHING_SAID
from tests.fakes.town import RULES, Town, replies
from trainer import dataset
from trainer.curate import curate, is_held_out
from trainer.dataset import TooLittleText


@pytest.fixture
async def town(sessions: Sessions, now: datetime) -> Town:
    return await Town.found(sessions, now)


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
    with pytest.raises(TooLittleText, match="messages are one conversation, and a second one"):
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
