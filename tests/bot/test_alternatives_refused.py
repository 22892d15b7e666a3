"""Another answer is not given: to whom it is not due, of a reply that is gone, or where something fails."""

import asyncio

import pytest

from bot.chat.platform import NotShown
from bot.generation.engine import EngineBusy, EngineUnavailable
from db import audit, members, pauses
from db.session import reading, transaction
from tests.fakes.platform import RecordingPlatform
from tests.fakes.reply_room import Room
from tests.fakes.replying import MakeBot


async def test_only_the_asker_and_curators_may(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth"))
    reply = await bot.asked()
    no = "Only the one who asked, or a curator, may change this reply."
    assert (await room.said("another", str(reply.id), "Ben")).startswith(no)
    await room.pressed("another", str(reply.id))
    assert (await room.said("choose", f"{reply.id} 2", "Ben")).startswith(no)
    assert (await room.said("delete", str(reply.id), "Ben")).startswith("Only the one who asked, or a curator")
    assert (await room.reply(reply.id)).text == "First"
    await room.makes("Cora", "curator")
    assert "Second\n(This is what I said.)" in await room.said("choose", f"{reply.id} 2", "Cora")
    async with reading(bot.sessions) as session:
        (row,) = await audit.latest(session)
    assert (row.verb, row.subject) == ("choose_answer", {"reply": reply.id, "number": 2})


async def test_blocked_members_and_paused_channels_get_none(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot())
    reply = await bot.asked()
    async with transaction(bot.sessions) as session:
        await pauses.begin(session, None, "test", reply.created_at)
    assert "asked me to pause here" in await room.said("another", str(reply.id))
    async with transaction(bot.sessions) as session:
        await pauses.end(session, None)
        await members.block(session, reply.asker_id, "test", "", reply.created_at)
    assert "asked me not to answer you" in await room.said("another", str(reply.id))
    assert len(bot.engine.requests) == 1


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (EngineBusy("full"), "Many people are asking at once; please try again in a moment."),
        (EngineUnavailable("The base is away."), "The base is away."),
    ],
)
async def test_an_engine_that_cannot_is_a_sentence(make_bot: MakeBot, failure: Exception, sentence: str) -> None:
    room = Room(bot := await make_bot("First", failure, "Second", "Third", "Fourth"))
    reply = await bot.asked()
    assert await room.said("another", str(reply.id)) == sentence
    assert await room.kept(reply.id) == []
    assert "Second" in await room.said("another", str(reply.id))


async def test_a_reply_deleted_while_others_are_drawn_keeps_none(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "a b c", "d e f", "g h i", word_s=0.05))
    reply = await bot.asked()
    drawing = asyncio.create_task(room.said("another", str(reply.id)))
    await asyncio.sleep(0.2)
    await room.pressed("delete", str(reply.id))
    assert await drawing == "This reply is not there any more."
    assert await room.kept(reply.id) == []


async def test_a_deleted_reply_takes_its_candidates_along(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth"))
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))
    assert await room.said("delete", str(reply.id)) == "This answer is erased, and so is what was asked."
    assert await room.kept(reply.id) == []
    for press, value in (("another", str(reply.id)), ("choose", f"{reply.id} 2"), ("thumb", f"{reply.id} 1")):
        assert await room.said(press, value) == "This reply is not there any more."
    assert (await room.reply(reply.id)).text is None


class Deleting(RecordingPlatform):
    """Somebody deletes the reply while a longer answer is being shown; its second post is there by then."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile = None

    async def show(self, to, draft):
        if draft.shown and self.meanwhile is not None:
            await draft.ours()
            await self.meanwhile()
            self.shown[f"{draft.nonce}-2"] = "the rest"
            await draft.on_shown(f"{draft.shown}\nshown:{draft.nonce}-2")
        return await super().show(to, draft)

    async def remove(self, to, ref):
        for one in ref.split("\n"):
            await super().remove(to, one)


async def test_what_is_posted_after_a_deletion_is_taken_away_again(make_bot: MakeBot) -> None:
    platform = Deleting()
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth", platform=platform))
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))

    async def delete() -> None:
        await room.pressed("delete", str(reply.id))
        while True:
            if (await room.reply(reply.id)).status == "deleted":
                break
            await asyncio.sleep(0.05)

    platform.meanwhile = delete
    assert await room.said("choose", f"{reply.id} 2") == "This reply is not there any more."
    assert platform.shown == {}
    assert (await room.reply(reply.id)).text is None


async def test_a_network_that_refuses_leaves_row_and_answer_as_they_are(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot("First", "Second", "Third", "Fourth"))
    reply = await bot.asked()
    await room.pressed("another", str(reply.id))
    for failure, sentence in (
        (NotShown("The channel is archived."), "The channel is archived."),
        (OSError("away"), "The network did not take this answer; choose it again in a moment."),
    ):
        bot.platform.fails = failure
        assert await room.said("choose", f"{reply.id} 2") == sentence
        assert (await room.reply(reply.id)).text == "First"
    room.platforms.clear()
    assert await room.said("choose", f"{reply.id} 2") == "This reply cannot be reached where it stands."


async def test_what_is_not_there_is_a_sentence(make_bot: MakeBot) -> None:
    room = Room(bot := await make_bot())
    reply = await bot.asked()
    assert await room.said("choose", f"{reply.id} 2") == "There is no such answer any more; ask for others again."
    assert "There is no reply 99" in await room.said("another", "99")
    failed = await make_bot(EngineBusy("full"))
    assert await Room(failed).said("another", str((await failed.asked()).id)) == "This reply is not there any more."
