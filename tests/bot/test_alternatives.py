"""Another answer: three are drawn, offered to the one who pressed, and one is said in the place of the first."""

import asyncio

from sqlalchemy import select

from bot.chat.replying.outgoing import BREAK
from bot.chat.replying.reply_buttons import buttons
from bot.generation.engine import EngineUnavailable
from db import candidates, replies
from db.models import Member, ReplyCandidate
from db.session import reading, transaction
from tests.fakes.cards import rendered
from tests.fakes.platform import RecordingPlatform
from tests.fakes.reply_room import Room
from tests.fakes.replying import MakeBot


async def test_three_others_are_offered_beside_what_was_said(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth"))
    reply = await bot.asked("hello")
    first, last = await room.pressed("another", str(reply.id))
    assert rendered(first) == "I am thinking of other answers…"
    assert rendered(last).splitlines() == [
        "First",
        "(This is what I said.)",
        *("---", "Second", f"[Say this one → choose {reply.id} 2]"),
        *("---", "Third", f"[Say this one → choose {reply.id} 3]"),
        *("---", "Fourth", f"[Say this one → choose {reply.id} 4]"),
        "---",
        f"[Other ones → another {reply.id} more]",
        "(Only you see these; what you choose takes the place of the answer.)",
    ]
    assert last.private
    assert await room.kept(reply.id) == ["First", "Second", "Third", "Fourth"]
    assert list(bot.platform.shown.values()) == ["First"]


async def test_they_are_drawn_from_what_a_new_answer_would_be_given(make_bot: MakeBot, now) -> None:
    room = Room(bot := await make_bot())
    await bot.asked("before", thread="t")
    reply = await bot.asked("now", thread="t")
    turns, first = bot.turns(), bot.engine.requests[-1]
    await bot.asked("after", thread="t")
    adapter = await bot.promoted(now)
    await room.pressed("another", str(reply.id))
    asked = bot.engine.requests[-1]
    assert (bot.turns(), asked.candidates, asked.adapter) == (turns, 3, f"a{adapter.id:06d}")
    assert (asked.deadline_s, asked.shape, asked.sampling.stop) == (first.deadline_s, "chat", ("END",))
    assert asked.sampling.temperature == 0.5
    await room.pressed("another", f"{reply.id} more")
    assert asked.sampling.seed != bot.engine.requests[-1].sampling.seed
    async with reading(bot.sessions) as session:
        rows = list(await session.scalars(select(ReplyCandidate).order_by(ReplyCandidate.number)))
    assert [row.adapter_id for row in rows] == [None]  # they all say the same, so that the first one stands alone


async def test_a_persona_that_knows_but_one_answer_is_warmed(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot())
    async with transaction(bot.sessions) as session:
        (persona,) = await session.scalars(select(replies.Persona))
        persona.sampling = {"temperature": 0.0, "seed": 7}
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))
    drawn = bot.engine.requests[-1].sampling
    assert drawn.temperature > 0
    assert drawn.seed != 7


async def test_the_chosen_one_takes_the_place_of_the_answer(make_bot: MakeBot, now) -> None:
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth", "Next"))
    reply = await bot.asked("hello", thread="t")
    adapter = await bot.promoted(now)
    await room.pressed("another", str(reply.id))
    card = await room.said("choose", f"{reply.id} 3")
    assert "Third\n(This is what I said.)" in card
    assert f"First\n[Say this one → choose {reply.id} 1]" in card
    assert bot.platform.shown == {f"reply-{reply.id}": "Third"}
    after = await room.reply(reply.id)
    assert (after.text, after.adapter_id, after.status) == ("Third", adapter.id, "done")
    async with reading(bot.sessions) as session:
        chosen = await candidates.numbered(session, reply.id, 3)
        assert chosen is not None
        assert chosen.chosen_at is not None
        assert chosen.chosen_by == reply.asker_id
    await bot.asked("and then?", thread="t")
    assert bot.turns()[1:3] == [("user", "hello"), ("assistant", "Third")]


async def test_the_first_one_can_be_gone_back_to_after_a_restart_too(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth"))
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))
    await room.pressed("choose", f"{reply.id} 2")
    room.restarts()
    asked = len(bot.engine.requests)
    assert "Second\n(This is what I said.)" in await room.said("another", str(reply.id))
    assert len(bot.engine.requests) == asked  # they are kept
    await room.pressed("choose", f"{reply.id} 1")
    assert (await room.reply(reply.id)).text == "First"
    assert bot.platform.shown == {f"reply-{reply.id}": "First"}


async def test_choosing_twice_or_at_once_ends_with_what_row_and_network_both_say(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth"))
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))
    await asyncio.gather(*(room.pressed("choose", f"{reply.id} {number}") for number in (2, 3, 2, 4, 2)))
    assert (await room.reply(reply.id)).text == bot.platform.shown[f"reply-{reply.id}"]


async def test_ten_are_kept_at_most(make_bot: MakeBot) -> None:
    words = iter(f"answer {number}" for number in range(100))
    room = Room(bot := await make_bot(otherwise=lambda _: next(words)))
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))
    for _ in range(4):
        last = await room.said("another", f"{reply.id} more")
    assert len(await room.kept(reply.id)) == 10
    assert "Other ones" not in last
    assert len(bot.engine.requests) == 1 + 3


async def test_what_is_like_another_or_empty_is_left_out(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "Second", " Second ", " "))
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))
    assert await room.kept(reply.id) == ["First", "Second"]
    bot2 = await make_bot("Only", "Only", "Only", "Only")
    again = await bot2.asked()
    assert await Room(bot2).said("another", str(again.id)) == "I have no other answer to that."


async def test_no_blocked_word_no_address_and_no_call_gets_out(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "a dog", "ann@example.org", "@everyone", blocked=["dog"]))
    reply = await bot.asked()
    card = await room.said("another", str(reply.id))
    assert "dog" not in card
    assert "ann@example.org" not in card
    kept = await room.kept(reply.id)
    assert kept[1] == "a •••"
    await room.pressed("choose", f"{reply.id} 4")
    assert bot.platform.shown == {f"reply-{reply.id}": f"@{BREAK}everyone"}
    assert (await room.reply(reply.id)).text == "@everyone"


async def test_pressed_twice_they_are_drawn_once(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot(word_s=0.05))
    reply = await bot.asked()
    one, two = await asyncio.gather(room.said("another", str(reply.id)), room.said("another", str(reply.id)))
    assert "I am thinking of other answers already; a moment, please." in (one, two)
    assert len(bot.engine.requests) == 2


async def test_buttons_stand_under_answers_in_the_askers_language(make_bot: MakeBot) -> None:
    class Looking(RecordingPlatform):
        async def show(self, to, draft):
            self.actions = (draft.kind, [(button.press, button.value) for button in draft.actions])
            return await super().show(to, draft)

    bot = await make_bot("First", EngineUnavailable("away"), platform=Looking())
    reply = await bot.asked()
    presses = (
        ("thumb", f"{reply.id} 1"),
        ("thumb", f"{reply.id} -1"),
        ("another", f"{reply.id}"),
        ("delete", f"{reply.id}"),
    )
    assert bot.platform.actions == ("answer", [*presses])
    assert [(one.press, one.value) for one in buttons(reply.id)] == [*presses]
    await bot.asked()
    assert bot.platform.actions == ("sentence", [])


async def test_thumbs_are_pressed_at_the_desk(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot())
    reply = await bot.asked()
    assert await room.said("thumb", f"{reply.id} -1", "Ben") == "Thank you; your thumb is kept with this answer."
    assert await room.said("thumb", f"{reply.id} -1", "Ben") == "Your thumb is taken back."
    async with reading(bot.sessions) as session:
        assert "Ben" in set(await session.scalars(select(Member.name)))
