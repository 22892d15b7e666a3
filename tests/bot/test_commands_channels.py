"""Opening channels, permitting training, and reviewing, by commands, forms and shortcuts."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.chat.cards import Form
from bot.chat.commands.asked import FormRefused
from bot.chat.events import ChannelSeen, Posted
from db import backfills, channels, workspaces
from db.models import Audit, Channel, Message
from db.session import reading, transaction
from tests.fakes.cards import buttons, rendered
from tests.fakes.counter import DIRECT, Counter

RANDOM = ChannelSeen("C2", "random")


async def state_of(counter: Counter, platform_id: str) -> tuple[str, bool]:
    async with reading(counter.sessions) as session:
        found = await session.scalar(select(Channel).where(Channel.platform_id == platform_id))
    assert found is not None
    return found.state, found.review_each


async def audited(counter: Counter) -> list[str]:
    async with reading(counter.sessions) as session:
        return list(await session.scalars(select(Audit.verb).order_by(Audit.id)))


async def test_approve_typed_alone_opens_a_form_about_this_channel_that_says_the_terms(counter: Counter) -> None:
    form = await counter.types("Ada", "approve", RANDOM)
    assert isinstance(form, Form)
    assert [(field.name, field.value) for field in form.fields] == [("for", "context"), ("review", "")]
    assert "forbid training a model on text from their APIs" in rendered(form)
    assert "`/yamabiko permit-training`" in rendered(form)
    told = await counter.fills("Ada", form.submit, form.value, **{"for": "training", "review": "yes"})
    assert told.startswith("#random is open for training, after review; its people are told, and asked.")
    assert await state_of(counter, "C2") == ("training", True)
    assert await audited(counter) == ["approve"]


async def test_approve_with_what_for_opens_at_once(counter: Counter) -> None:
    assert "random is open for context" in await counter.reads("Ada", "approve context", RANDOM)
    assert await state_of(counter, "C2") == ("context", False)
    assert "#general is open for training" in await counter.reads("Ada", "approve <#C1|general> training", RANDOM)


async def test_a_channel_never_heard_of_is_opened_by_its_id(counter: Counter) -> None:
    assert "new-one is open for context" in await counter.reads("Ada", "approve <#C77|new-one> context", DIRECT)
    assert await state_of(counter, "C77") == ("context", False)


async def test_in_direct_messages_a_channel_must_be_named(sqlite_counter: Counter) -> None:
    assert await sqlite_counter.reads("Ada", "approve", DIRECT) == "Say which channel, or type this in it."
    assert await sqlite_counter.reads("Ada", "close", None) == "Say which channel, or type this in it."


async def test_of_two_channels_of_one_name_that_of_ones_own_workspace_is_meant(counter: Counter, now: datetime) -> None:
    async with transaction(counter.sessions) as session:
        other = await workspaces.ensure(session, "slack", "T2", "Mountain", now)
        await channels.ensure(session, other, "C8", "general", now)
        await channels.ensure(session, other, "C9", "peak", now)
    await counter.types("Ada", "close general", RANDOM)
    assert await state_of(counter, "C1") == ("closed", False)
    assert "peak is open for context" in await counter.reads("Ada", "approve Mountain/peak context")


async def test_channels_are_listed_with_state_counts_and_buttons(counter: Counter, now: datetime) -> None:
    async with transaction(counter.sessions) as session:
        await counter.here.says(session, now, ("Ben", "ahoy"), ("Ema", "hello"))
    await counter.types("Ben", "consent yes")
    shown = await counter.reads("Ada", "channels")
    assert "**Harbour/general**: open for training · 2 messages" in shown
    assert "1 may be learned, 1 whose author has not agreed" in shown
    assert "[Change → open 1] [Look through → review 1] [Close → close 1]" in shown
    assert "→" not in await counter.reads("Cleo", "channels")
    assert "Only a curator may do this" in await counter.reads("Ben", "channels")


async def test_channels_tell_how_far_their_past_was_read_and_what_stands_in_the_way(
    counter: Counter, now: datetime
) -> None:
    async def changes(**values: object) -> str:
        async with transaction(counter.sessions) as session:
            cursor = await backfills.of(session, counter.here.channel.id, now)
            for name, value in values.items():
                setattr(cursor, name, value)
        return await counter.reads("Cleo", "channels")

    shown = await changes(messages=1200, back_to=now)
    assert "past is being read, back to 2026-03-02 so far (1,200 messages)" in shown
    assert "cannot be read: " in await changes(trouble="not in channel")
    assert "past read back to 2026-03-02 (1,200 messages)" in await changes(trouble=None, done_at=now)


async def test_many_channels_come_page_by_page(sqlite_counter: Counter, now: datetime) -> None:
    async with transaction(sqlite_counter.sessions) as session:
        for number in range(20):
            channel = await channels.ensure(session, sqlite_counter.here.workspace, f"X{number}", f"x{number:02}", now)
            channel.state = "context"
    first = await sqlite_counter.reads("Ada", "channels")
    assert "[More → channels 7]" in first
    second = await sqlite_counter.presses("Ada", "channels", "7")
    third = await sqlite_counter.presses("Ada", "channels", "14")
    assert sum(page.count("**Harbour/") for page in (first, second, third)) == 21


async def test_a_button_is_authorised_when_it_is_pressed_and_may_be_pressed_twice(counter: Counter) -> None:
    assert (await counter.presses("Cleo", "close", "1")).startswith("Only an admin may do this (close)")
    assert (await counter.presses("Cleo", "open", "1")).startswith("Only an admin may do this (approve)")
    assert await state_of(counter, "C1") == ("training", False)
    for _ in range(2):
        assert (await counter.presses("Ada", "close", "1")).startswith("#general is closed")


async def test_a_form_that_says_nothing_is_sent_back_to_its_field(sqlite_counter: Counter) -> None:
    with pytest.raises(FormRefused) as refused:
        await sqlite_counter.fills("Ada", "approve", "1")
    assert refused.value.field == "for"
    assert (await sqlite_counter.fills("Ben", "approve", "1", **{"for": "training"})).startswith("Only an admin")


async def test_the_owner_permits_training_with_a_ground_and_takes_it_back(counter: Counter, now: datetime) -> None:
    async with transaction(counter.sessions) as session:
        await counter.here.says(session, now, ("Ben", "ahoy"), provenance="slack_api")
    form = await counter.types("Ann", "permit-training")
    assert isinstance(form, Form)
    assert "1 message of Harbour came through an API." in rendered(form)
    assert "forbid training a model on text from their APIs" in rendered(form)
    told = await counter.fills("Ann", form.submit, form.value, ground=" our agreement ")
    assert told == "Recorded: Harbour may be trained on, on the ground of 'our agreement'."
    assert "= 'our agreement'" in await counter.reads("Ann", "permit-training")
    withdrawn = "No text that came from Harbour through an API is learned any more."
    assert await counter.reads("Ann", "permit-training withdraw") == withdrawn
    assert await counter.fills("Ann", form.submit, form.value, ground="") == withdrawn
    assert await counter.reads("Ada", "permit-training") == (
        "Only an owner may do this (permit-training); you are an admin. You can ask Ann."
    )
    assert (await counter.fills("Ada", form.submit, form.value, ground="mine")).startswith("Only an owner")


async def says(counter: Counter, now: datetime, count: int) -> None:
    async with transaction(counter.sessions) as session:
        await counter.here.says(session, now, *[("Ben", f"word {number}") for number in range(count)])


async def reviews(counter: Counter) -> dict[str, int]:
    async with reading(counter.sessions) as session:
        states = list(await session.scalars(select(Message.review)))
    return {state: states.count(state) for state in sorted(set(states))}


async def test_review_shows_the_next_messages_and_goes_on_after_each_decision(counter: Counter, now: datetime) -> None:
    await says(counter, now, 20)
    shown = await counter.reads("Cleo", "review")
    assert shown.splitlines()[:4] == [
        "# Review of #general", "**Ben** · 2026-03-02", "> word 19",
        "[Approve → reviewed 1 0 a 20] [Leave out → reviewed 1 0 l 20]",
    ]  # fmt: skip
    assert "(20 messages wait to be looked at.)" in shown
    assert "[Next page → review 1 15]" in shown
    after = await counter.presses("Cleo", "reviewed", "1 0 a 20")
    assert after.splitlines()[1:4] == ["1 message is approved.", "**Ben** · 2026-03-02", "> word 18"]
    after = await counter.presses("Cleo", "reviewed", "1 0 l 19,18,17,16,15,14,13,12")
    assert "8 messages are left out." in after
    assert "> word 10" in after
    assert await reviews(counter) == {"approved": 1, "left_out": 8, "pending": 11}


async def test_pages_go_on_where_the_last_one_ended_whatever_was_decided_meanwhile(
    counter: Counter, now: datetime
) -> None:
    await says(counter, now, 12)
    second = await counter.presses("Cleo", "review", "1 5")
    assert "> word 3" in second
    assert "> word 4" not in second
    await counter.presses("Cleo", "reviewed", "1 0 a 12,11,10,9,8,7,6,5")
    assert await counter.presses("Cleo", "review", "1 5") == second.replace("(12 messages", "(4 messages")
    last = await counter.presses("Cleo", "reviewed", "1 5 a 4,3,2,1")
    assert last.endswith("Nothing waits to be looked at.")
    await says(counter, now + timedelta(days=1), 1)
    assert "That was the last page." in await counter.presses("Cleo", "review", "1 1")


async def test_deciding_twice_or_as_a_member_changes_nothing(counter: Counter, now: datetime) -> None:
    await says(counter, now, 2)
    assert (await counter.presses("Ben", "reviewed", "1 0 a 1")).startswith("Only a curator may do this (review)")
    for _ in range(2):
        assert "1 message is approved." in await counter.presses("Cleo", "reviewed", "1 0 a 1")
    assert await reviews(counter) == {"approved": 1, "pending": 1}
    gone = await counter.presses("Cleo", "reviewed", "1 0 a 99")
    assert gone == "At least one of these messages does not exist; `/yamabiko review CHANNEL` lists them."


async def test_a_curator_decides_about_one_message_where_it_stands(counter: Counter, now: datetime) -> None:
    await says(counter, now, 1)
    posted = Posted("C1", f"{now.timestamp():.6f}", "Ben", now, "word 0")
    press, call = counter.desk.press, counter.call("Cleo", message=posted)
    assert rendered(await press(call, "approve_message", posted.id)) == (
        "Approved: this message may be learned.\n(It is not learned yet: its author has not agreed.)"
    )
    assert await reviews(counter) == {"approved": 1}
    assert rendered(await press(call, "leave_out_message", posted.id)).startswith("Left out")
    assert await reviews(counter) == {"left_out": 1}
    assert "Only a curator" in await counter.presses("Ben", "approve_message", posted.id)
    assert "This message is not kept" in await counter.presses("Cleo", "approve_message", "77.0")
    await counter.types("Ada", "close")
    assert await counter.presses("Cleo", "leave_out_message", "77.0") == (
        "This message is not kept, for general is closed; `/yamabiko approve` opens it."
    )


async def test_every_change_of_a_channel_is_audited(counter: Counter, now: datetime) -> None:
    await says(counter, now, 1)
    decide = buttons(await counter.types("Cleo", "review"))[0]
    await counter.presses("Cleo", decide.press, decide.value)
    await counter.types("Ada", "close")
    await counter.types("Ann", "permit-training signed")
    assert await audited(counter) == ["review", "close", "permit_training"]
